import { channelsLine } from './channels/index.ts'
import { componentModule } from './component/index.ts'
import type { LineModule } from './core/registry.ts'
import { miniProgramLine } from './mini-program/index.ts'
import { officialAccountLine } from './official-account/index.ts'
import { providerModule } from './provider/index.ts'
import { shopLine } from './shop/index.ts'

/** All lines the emulator serves. */
export const emulatorLines: readonly LineModule[] = [shopLine, channelsLine, officialAccountLine, miniProgramLine, componentModule, providerModule]
