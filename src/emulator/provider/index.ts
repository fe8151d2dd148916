/** A WeCom service provider (服务商) and its suite: tickets, installation by corps, permanent codes, tokens on behalf of a corp. */
export { providerModule } from './provider.ts'
