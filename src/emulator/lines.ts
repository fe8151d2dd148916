import { channelsLine } from './channels/index.ts'
import { componentModule } from './component/index.ts'
import type { LineModule } from './core/registry.ts'
import { miniProgramLine } from './mini-program/index.ts'
import { officialAccountLine } from './official-account/index.ts'
import { payLine } from './pay/index.ts'
import { populationModule } from './population/index.ts'
import { providerModule } from './provider/index.ts'
import { shopLine } from './shop/index.ts'
import { wecomLine } from './wecom/index.ts'

/** All lines the emulator serves, and the people of its worlds. */
export const emulatorLines: readonly LineModule[] = [shopLine, channelsLine, officialAccountLine, miniProgramLine, componentModule, providerModule, wecomLine, payLine, populationModule]
