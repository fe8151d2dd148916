import { acquire } from './acquire.ts'
import { learn } from './learn.ts'
import { restrain } from './restrain.ts'
import { retain } from './retain.ts'
import { sell } from './sell.ts'
import { stockDepth } from './stock.ts'
import { settings } from './settings.ts'
import { shell } from './shell.ts'
import { today } from './today.ts'
import { voyage } from './voyage.ts'

/** Every sentence of the console, one table per stage, [Chinese, English]. `{n}` is a value, `{n|order|orders}` singular or plural by it. */
export const text = { ...shell, ...voyage, ...today, ...acquire, ...sell, ...stockDepth, ...retain, ...restrain, ...learn, ...settings } as const
export type TextKey = keyof typeof text
