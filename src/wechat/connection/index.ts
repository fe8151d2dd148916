/**
 * Connections (连接): the WeChat accounts of a merchant, each on one line, with its sealed secrets, its callback address and where its platform is
 * (the real one, or an emulator).
 *
 * Owns: connection, wechat_token.
 */
export { connectionTokenStore } from './token-store.ts'
export { putConnection, listConnections, findConnection, setChecks, removeConnection, resealConnections, setRouteKey, type Connection, type ConnectionSecrets } from './store.ts'
