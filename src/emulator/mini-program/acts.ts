import { z } from 'zod'
import { freshDigits, freshId, nextNumber, randomOf, type Namespace } from '../core/namespace.ts'
import { PlatformError } from '../core/platform-error.ts'
import { act, type Act } from '../core/registry.ts'
import { unionidOf } from '../core/people.ts'
import { pushMini, pushMiniEvent } from './push-event.ts'
import { miniAccount, miniState, visit } from './state.ts'

/** What people do with a mini program. `account` is an appid, the first mini program when absent; `person` is the emulator's name for them. */
const who = { account: z.string().optional(), person: z.string().min(1) }
const codeMs = 5 * 60_000

/** The phone number of an emulated person, always the same; from 199, 8 digits drawn from the world. */
export function phoneOf(ns: Namespace, person: string): string {
  return `199${String(Math.floor(randomOf(ns).u('phone', person) * 1e8)).padStart(8, '0')}`
}

/** Now and then, so that a visit stays cheap. */
function drop(ns: Namespace, codes: Record<string, { expiresAt: number }>): void {
  if (nextNumber(ns, 'mini-program.codes') % 200 !== 0) return
  for (const [code, held] of Object.entries(codes)) if (held.expiresAt < ns.now - 3_600_000) delete codes[code]
}

export const peopleActs: Act[] = [
  act({
    name: 'miniProgram.login',
    en: 'A person opens the mini program and wx.login runs: answers js_code (5 minutes, single use) and openid.',
    args: z.object(who),
    run: (ns, args) => {
      const account = miniAccount(ns, args.account)
      const state = miniState(ns, account.id)
      const user = visit(ns, account, args.person)
      drop(ns, state.jsCodes)
      const code = freshId(ns, '0', 31)
      state.jsCodes[code] = { openid: user.openid, expiresAt: ns.now + codeMs, used: false }
      return { js_code: code, openid: user.openid, unionid: unionidOf(ns, account, args.person) ?? null }
    },
  }),
  act({
    name: 'miniProgram.visit',
    en: 'A person opens the mini program, by a code, a link or plainly: answers path, query and scene value as the app receives them.',
    args: z.object({ ...who, code: z.string().optional(), link: z.string().optional(), outsideWechat: z.boolean().default(false) }),
    run: (ns, args) => {
      const account = miniAccount(ns, args.account)
      const state = miniState(ns, account.id)
      const user = visit(ns, account, args.person)
      if (args.link !== undefined) {
        const link = state.links[args.link]
        if (!link) throw new PlatformError(85402, 'there is no such link')
        if (link.expiresAt <= ns.now) throw new PlatformError(85402, 'the link has expired')
        link.visits++
        return { openid: user.openid, path: link.path, query: link.query, scene: link.url.startsWith('#') ? 1179 : args.outsideWechat ? 1194 : 1167 }
      }
      if (args.code !== undefined) {
        const code = state.codes[args.code] ?? Object.values(state.codes).find((entry) => entry.scene === args.code)
        if (!code) throw new PlatformError(40129, 'there is no such code')
        const [path, query = ''] = code.path.split('?')
        return {
          openid: user.openid,
          path,
          query: code.scene === null ? query : `scene=${encodeURIComponent(code.scene)}`,
          scene: code.scene === null ? 1011 : 1047,
        }
      }
      return { openid: user.openid, path: '', query: '', scene: 1001 }
    },
  }),
  act({
    name: 'miniProgram.authorisePhone',
    en: 'A person taps the phone button: answers the code that getuserphonenumber takes (5 minutes, single use).',
    args: z.object({
      ...who,
      phone: z
        .string()
        .regex(/^\d{11}$/)
        .optional(),
    }),
    run: (ns, args) => {
      const account = miniAccount(ns, args.account)
      const state = miniState(ns, account.id)
      visit(ns, account, args.person)
      drop(ns, state.phoneCodes)
      const code = freshId(ns, 'p', 63)
      state.phoneCodes[code] = { phone: args.phone ?? phoneOf(ns, args.person), expiresAt: ns.now + codeMs, used: false }
      return { code }
    },
  }),
  act({
    name: 'miniProgram.sendMessage',
    en: 'A person writes to customer service: opens 48 hours for 5 messages.',
    args: z.object({ ...who, content: z.string().default('你好') }),
    run: (ns, args) => {
      const account = miniAccount(ns, args.account)
      const user = visit(ns, account, args.person)
      user.allowances = [
        ...user.allowances.filter((entry) => entry.kind !== 'message' && entry.until > ns.now),
        { kind: 'message', left: 5, until: ns.now + 48 * 3_600_000 },
      ]
      const msgId = freshDigits(ns, 'mini-program.msgid', 17, '2')
      pushMini(ns, account, user.openid, 'text', { Content: args.content, MsgId: msgId }, 'message.text')
      return { openid: user.openid, msgId }
    },
  }),
  act({
    name: 'miniProgram.enterSession',
    en: 'A person enters the customer-service session: opens 1 minute for 2 messages.',
    args: z.object({ ...who, sessionFrom: z.string().default('wxapp') }),
    run: (ns, args) => {
      const account = miniAccount(ns, args.account)
      const user = visit(ns, account, args.person)
      user.allowances = [
        ...user.allowances.filter((entry) => entry.kind !== 'enter' && entry.until > ns.now),
        { kind: 'enter', left: 2, until: ns.now + 60_000 },
      ]
      pushMiniEvent(ns, account, user.openid, 'user_enter_tempsession', { SessionFrom: args.sessionFrom })
      return { openid: user.openid }
    },
  }),
  act({
    name: 'miniProgram.configure',
    en: 'What the platform knows of the mini program: published pages (null: any), shipping management on or off, templates.',
    args: z.object({
      account: z.string().optional(),
      pages: z.array(z.string()).nullable().optional(),
      published: z.boolean().optional(),
      tradeManaged: z.boolean().optional(),
      template: z.object({ id: z.string().optional(), title: z.string(), keys: z.array(z.string()) }).optional(),
      risk: z.object({ person: z.string(), rank: z.int().min(0).max(4) }).optional(),
    }),
    run: (ns, args) => {
      const account = miniAccount(ns, args.account)
      const state = miniState(ns, account.id)
      if (args.pages !== undefined) state.pages = args.pages
      if (args.published !== undefined) state.published = args.published
      if (args.tradeManaged !== undefined) state.tradeManaged = args.tradeManaged
      if (args.risk) visit(ns, account, args.risk.person).riskRank = args.risk.rank
      let templateId: string | undefined
      if (args.template) {
        templateId = args.template.id ?? freshId(ns, '', 43)
        state.templates[templateId] = { title: args.template.title, content: args.template.keys.map((key) => `{{${key}.DATA}}`).join('\n'), type: 2 }
      }
      return { pages: state.pages, published: state.published, tradeManaged: state.tradeManaged, template_id: templateId ?? null }
    },
  }),
  act({
    name: 'miniProgram.received',
    en: 'The messages that people received from the mini program, newest last; `after` is the last n already seen.',
    args: z.object({ account: z.string().optional(), openid: z.string().optional(), after: z.int().default(0) }),
    run: (ns, args) =>
      miniState(ns, miniAccount(ns, args.account).id).received.filter(
        (message) => message.n > args.after && (args.openid === undefined || message.openid === args.openid),
      ),
  }),
]
