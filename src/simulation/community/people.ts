import type { Random } from '../../kernel/random.ts'

/**
 * Who lives in the community (社区里的人): humans, each with one or more accounts, and what they are like. Drawn by seed, an address per draw.
 *
 * Honest readers read what interests them and now and then send something to a friend, who sometimes reads it. Cheaters earn what they can without a
 * reader being brought or anything being read: each kind is a way that people try.
 */
export type Kind =
  | 'honest'
  /** A household on one device: honest, and they do send each other things. */
  | 'household'
  /** One human, two accounts (the same phone): reads the own shares, answers each quiz twice. */
  | 'self-reader'
  /** Two to four who open each other's shares and nobody else does; reads the front page for cover. */
  | 'ring'
  /** A program: reads faster than people, answers every quiz. */
  | 'bot'
  /** One who shares, and accounts on devices of their own that only ever read those shares. */
  | 'farm'
  /** Many accounts on one phone in a hand. */
  | 'device-farm'
  /** Writes advertisements under articles, is silenced, and tries again through every door and with a second account. */
  | 'offender'
export const cheating: readonly Kind[] = ['self-reader', 'ring', 'bot', 'farm', 'device-farm']

export type Account = { account: number; human: number; device: string; phone: string; /** Only reads the shares of the human's first account. */ puppet: boolean }
export type Human = { human: number; kind: Kind; accounts: number[]; /** Of the same ring or household: numbered. */ group: number; friends: number[]; eager: number }
export type Cast = { humans: Human[]; accounts: Account[] }

/** @param people humans; about a quarter of them cheat. */
export function castOf(random: Random, people: number): Cast {
  const humans: Human[] = []
  const accounts: Account[] = []
  let groups = 0
  const add = (kind: Kind, devices: readonly string[], group: number, more: { phone?: string; puppets?: boolean } = {}): void => {
    const human: Human = { human: humans.length, kind, accounts: [], group, friends: [], eager: 0.2 + 0.6 * random.u('eager', humans.length) }
    devices.forEach((device, n) => {
      human.accounts.push(accounts.length)
      accounts.push({ account: accounts.length, human: human.human, device, phone: more.phone ?? `138${String(10_000_000 + accounts.length)}`, puppet: more.puppets === true && n > 0 })
    })
    humans.push(human)
  }
  const own = (): string => `device-${accounts.length}`
  const phoneOfHuman = (): string => `139${String(10_000_000 + humans.length)}`
  while (humans.length < people) {
    const n = humans.length
    const u = random.u('kind', n)
    if (u < 0.7) add('honest', [own()], groups++)
    else if (u < 0.74) {
      const device = `home-${n}`
      add('household', [device], groups)
      add('household', [device], groups++)
    } else if (u < 0.79) add('self-reader', [own(), `device-${accounts.length}-second`], groups++, { phone: phoneOfHuman() })
    else if (u < 0.84) {
      const size = 2 + Math.floor(random.u('ring', n) * 3)
      for (let k = 0; k < size; k++) add('ring', [own()], groups)
      groups++
    } else if (u < 0.89) add('bot', [own()], groups++)
    else if (u < 0.93) add('farm', [own(), ...Array.from({ length: 3 }, (_, k) => `farm-${n}-${k}`)], groups++, { puppets: true })
    else if (u < 0.96) add('device-farm', Array.from({ length: 4 }, () => `hand-${n}`), groups++)
    else add('offender', [own(), `device-${accounts.length}-second`], groups++, { phone: phoneOfHuman() })
  }
  const honest = humans.filter((human) => human.kind === 'honest' || human.kind === 'household' || human.kind === 'offender')
  for (const human of humans) {
    if (human.kind === 'ring') human.friends = humans.filter((other) => other.group === human.group && other !== human).map((other) => other.human)
    else if (honest.includes(human)) {
      const count = 2 + Math.floor(6 * random.u('friends', human.human))
      for (let k = 0; k < count; k++) {
        const friend = honest[Math.floor(honest.length * random.u('friend', human.human, k))]
        if (friend !== human && !human.friends.includes(friend.human)) human.friends.push(friend.human)
      }
      for (const other of humans) if (human.kind === 'household' && other.group === human.group && other !== human && !human.friends.includes(other.human)) human.friends.push(other.human)
    }
  }
  return { humans, accounts }
}
