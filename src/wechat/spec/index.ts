import { channelsRows } from './channels/index.ts'
import { componentRows } from './component.ts'
import type { EndpointRow } from './endpoint.ts'
import { miniProgramRows } from './mini-program/index.ts'
import { officialAccountRows } from './official-account/index.ts'
import { payRows } from './pay/index.ts'
import { providerRows } from './provider.ts'
import { shopRows } from './shop/index.ts'
import * as tokens from './tokens.ts'
import { wecomRows } from './wecom/index.ts'

/** Every endpoint we know, by name. */
export const allRows: ReadonlyMap<string, EndpointRow> = collect()

function collect(): Map<string, EndpointRow> {
  const rows = new Map<string, EndpointRow>()
  const take = (value: unknown): void => {
    const row = value as EndpointRow
    if (row !== null && typeof row === 'object' && typeof row.name === 'string' && typeof row.path === 'string' && 'repeat' in row) rows.set(row.name, row)
  }
  for (const list of [componentRows, providerRows, miniProgramRows, officialAccountRows, payRows, wecomRows, shopRows, channelsRows] as readonly (readonly unknown[])[]) for (const row of list) take(row)
  for (const family of [tokens]) for (const value of Object.values(family)) take(value)
  return rows
}
