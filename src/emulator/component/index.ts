/** The third-party platform (第三方平台): tickets, authorisation, tokens on behalf of Official Accounts, mini programs and Shops. */
export { componentModule } from './component.ts'
