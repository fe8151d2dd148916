/**
 * Tenancy (租户): merchants, the world each lives in, the blocks (积木) that are on, and settings.
 *
 * Owns: tenant, block, setting, callback_route.
 */
export {
  createTenant, findTenant, listTenants, listBlocks, switchBlock, readSetting, writeSetting, listSettings, listRoutes, addRoute, tenantsWithWork, nextWorkAfter, type Tenant, type CallbackRoute,
} from './store.ts'
export { blocks, type BlockKey, type BlockRow } from './blocks.ts'
