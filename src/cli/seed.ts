import { demoMerchant } from '../demo.ts'
import { openLocked, readEffective } from './control.ts'
import { report } from './output.ts'

export async function seed(options: { json?: boolean }): Promise<void> {
  const runtime = await openLocked({ config: readEffective({ sea: 'on' }), say: () => {}, anyPort: true, logLevel: 'warn' })
  try {
    let owner = await runtime.house.access.findUser('owner')
    if (!owner) owner = { userId: await runtime.house.access.createUser('owner', '店主', null), hasPassword: false }
    await demoMerchant(runtime, owner.userId, () => {})
    const tenants = runtime.house.tenants().map((tenant) => ({ slug: tenant.slug, name: tenant.name, world: tenant.world }))
    report(options.json, { tenants }, tenants.map((tenant) => `${tenant.slug}  ${tenant.name}`))
  } finally {
    await runtime.close()
  }
}
