/**
 * HTTP: how a module declares its API. A route names the right it needs, the block it belongs to, and its schemas; the server checks all three
 * before the handler runs. Everything without a right is refused by default.
 */
export { route, type ApiRoute, type ApiCall, type AnyRoute, FileAnswer } from './route.ts'
export { publicRoute, type PublicRoute, type PublicCall, type AnyPublicRoute } from './public-route.ts'
export { pageRoute, pagePolicy, type PageRoute, type PageCall, type PageAnswer, type PageCookies, type PageSite, type AnyPageRoute, type AnyPageCall } from './page-route.ts'
export { html, trusted, joined, jsonBlock, escapeHtml, safeUrl, Markup, type Part } from './html.ts'
export { createRateLimit, type RateLimit } from './rate-limit.ts'
export { httpFault } from './errors.ts'
