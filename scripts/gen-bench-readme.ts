import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { BenchReport, BenchRow } from '../bench/harness.ts'

/** bench/README.md: the goals, what was last printed beside them, and the next idea where a figure falls short. Made from bench/results alone. */
const root = join(import.meta.dirname, '..')

export type Reports = ReadonlyMap<string, BenchReport>
/** What a figure says of a goal; undefined: the row is not in the results. */
type Found = { value: string; met: boolean } | undefined
type Goal = { area: string; bench: string; goal: string; found: (report: BenchReport) => Found; next: string }

const number = (value: number): string => (Math.abs(value) >= 10_000 ? Math.round(value).toLocaleString('en') : String(Number(value.toPrecision(3))))
const row = (report: BenchReport, begins: string, anchor?: string): BenchRow | undefined => report.rows.find((one) => one.case.startsWith(begins) && (anchor === undefined || one.anchor.startsWith(anchor)))
const rows = (report: BenchReport, begins: string): BenchRow[] => report.rows.filter((one) => one.case.startsWith(begins))

/** A ratio against a floor. */
const ratio = (begins: string, anchor: string, atLeast: number) => (report: BenchReport): Found => {
  const one = row(report, begins, anchor)
  return one?.ratio ? { value: `${number(one.ratio.median)}× (${number(one.ratio.min)} to ${number(one.ratio.max)})`, met: one.ratio.median >= atLeast } : undefined
}
/** Our figure against a bound. */
const own = (begins: string, unit: string, met: (value: number) => boolean, anchor?: string) => (report: BenchReport): Found => {
  const value = row(report, begins, anchor)?.own
  return value === null || value === undefined ? undefined : { value: `${number(value)}${unit && ` ${unit}`}`, met: met(value) }
}
/** The same with what the row says of its interval. */
const withNote = (begins: string, unit: string, met: (value: number) => boolean) => (report: BenchReport): Found => {
  const found = own(begins, unit, met)(report)
  return found && { ...found, value: `${found.value}; ${row(report, begins)?.note ?? ''}` }
}
/** All rows that begin so satisfy `met`; says how many do and names the worst of the others. */
const all = (begins: string, met: (one: BenchRow) => boolean, what: string) => (report: BenchReport): Found => {
  const list = rows(report, begins)
  if (list.length === 0) return undefined
  const bad = list.filter((one) => !met(one))
  return { value: `${list.length - bad.length} of ${list.length} ${what}${bad.length === 0 ? '' : `; not: ${bad.map((one) => `${one.case} ${one.own === null ? '' : number(one.own)}`).join(', ')}`}`, met: bad.length === 0 }
}
const agree = (begins: string, what: string) => all(begins, (one) => one.agrees, what)

export const goals: readonly Goal[] = [
  {
    area: 'Planning', bench: 'plan', goal: '1 M variables: certified ≤ 0.1% in ≤ 1/10 of the time of HiGHS (PDLP)',
    found: (report) => {
      const one = row(report, 'matching M, integer plan')
      const gap = /certified gap ([\d.]+)%/.exec(one?.note ?? '')?.[1]
      return one?.ratio && gap ? { value: `certified ${gap}% in 1/${number(one.ratio.median)} of HiGHS’s time`, met: one.ratio.median >= 10 && Number(gap) <= 0.1 } : undefined
    },
    next: 'sort and check the columns in the worker threads too: that is now a third of the time',
  },
  {
    area: 'Planning', bench: 'plan', goal: '10 M variables: ≤ 5 s, ≤ 0.05%, ≤ 1.5 GB', found: own('matching L', 'ms', (ms) => ms <= 5000),
    next: 'take 32-bit columns from the caller, so that a sweep streams half the bytes',
  },
  { area: 'Planning', bench: 'plan', goal: '1 bn variables: under an hour on one machine of 2 cores, streamed, ≤ 0.5%', found: (report) => {
    const one = row(report, 'streamed, ')
    const candidates = Number(/streamed, (\d+) M/.exec(one?.case ?? '')?.[1] ?? 0)
    if (!one || one.own === null || candidates === 0) return undefined
    return { value: `${candidates} M candidates in ${number(one.own / 1000)} s; ${one.note ?? ''}`, met: candidates >= 1000 && one.agrees && one.own < 3_600_000 }
  }, next: 'several rows per candidate in a streamed block; measure reading from a disk' },
  { area: 'Planning', bench: 'plan', goal: 're-plan after 1% changed: ≤ 1/20 of a cold solve', found: ratio('matching M, re-plan', 'cold plan', 20), next: 'when many rows change price, visit only persons near their threshold instead of all' },
  { area: 'Planning', bench: 'plan', goal: '≥ 2,000 small instances: plan ≤ HiGHS’s integer optimum ≤ bound', found: agree('small: plan ≤ optimum', 'row agrees, on every instance'), next: 'print the instance that broke it and shrink it' },
  { area: 'Uplift', bench: 'uplift', goal: 'metrics equal to scikit-uplift’s to 1e-12', found: (report) => { const list = report.rows.filter((one) => one.anchor.startsWith('scikit-uplift')); return list.length === 0 ? undefined : { value: `${list.filter((one) => one.agrees).length} of ${list.length} equal`, met: list.every((one) => one.agrees) } }, next: 'compare the order of ties first' },
  {
    area: 'Uplift', bench: 'uplift', goal: 'Hillstrom, 50 splits: mean Qini at least the rule “bought women’s goods before”',
    found: (report) => {
      const list = rows(report, 'Hillstrom Qini').filter((one) => one.own !== null && one.anchorValue !== null).sort((a, b) => b.own! - a.own!)
      return list.length === 0 ? undefined : { value: `${number(list[0].own!)} against ${number(list[0].anchorValue!)} (${list[0].case.split(', ').slice(0, -1).join(', ').replace('Hillstrom Qini, ', '')}); ${list[0].note?.split(' (')[0] ?? ''}`, met: list[0].own! >= list[0].anchorValue! }
    },
    next: 'stack the learners with the rule as a feature; the corrected interval says that no learner is far from it on these data',
  },
  { area: 'Uplift', bench: 'uplift', goal: 'Nie–Wager: at or below the best published column in all eight cells', found: all('Nie–Wager', (one) => one.own! <= one.anchorValue!, 'cells'), next: 'choose the penalty of the effect by cross-fitting in the cells that miss' },
  { area: 'Evidence', bench: 'evidence', goal: '95% intervals of a fixed time cover 93–97%', found: (report) => { const list = report.rows.filter((one) => one.anchor === 'nominal' && one.note !== 'control'); return list.length === 0 ? undefined : { value: `${list.map((one) => number(one.own!)).join(', ')}`, met: list.every((one) => one.own! >= 0.93 && one.own! <= 0.97) } }, next: 'find which cell of the prior is too narrow or too wide' },
  { area: 'Evidence', bench: 'evidence', goal: 'confidence sequences looked at every day: ≤ 5% false alarms', found: (report) => { const list = report.rows.filter((one) => one.anchor === 'bound' && /sequence|heavier|sample ratio/.test(one.case)); return list.length === 0 ? undefined : { value: `at most ${number(Math.max(...list.map((one) => one.own!)))} in ${list.length} settings`, met: list.every((one) => one.own! <= one.anchorValue!) } }, next: 'raise the start rule for heavier tails' },
  { area: 'Dosage', bench: 'simulate-dosage-2000', goal: '2,000 contacts: share of the oracle’s gain, epochs 4–12: ≥ 0.88', found: withNote('share of the oracle’s gain', '', (value) => value >= 0.88), next: 'a prior by kind of shop instead of one for all' },
  { area: 'Dosage', bench: 'simulate-dosage-2000', goal: '2,000 contacts: regret, 95th percentile over merchants: ≤ 7% of silence’s value', found: withNote('regret, 95th', '%', (value) => value <= 7), next: 'print the regret by regime; where every message harms, start below the habit until the merchant’s own losses speak' },
  { area: 'Dosage', bench: 'simulate-dosage-2000', goal: '2,000 contacts: value against fixed 4 a month, 5th percentile: ≥ −2.5%', found: withNote('value against fixed 4', '%', (value) => value >= -2.5), next: 'a wider guard around the habit in the first epochs, where the merchant has little to learn from' },
  { area: 'Dosage', bench: 'simulate-dosage-20000', goal: '20,000 contacts: share of the oracle’s gain, epochs 4–12: ≥ 0.93', found: withNote('share of the oracle’s gain', '', (value) => value >= 0.93), next: 'a prior by kind of shop instead of one for all' },
  { area: 'Dosage', bench: 'simulate-dosage-20000', goal: '20,000 contacts: regret, 95th percentile over merchants: ≤ 4% of silence’s value', found: withNote('regret, 95th', '%', (value) => value <= 4), next: 'print the regret by regime; where every message harms, start below the habit until the merchant’s own losses speak' },
  { area: 'Dosage', bench: 'simulate-dosage-20000', goal: '20,000 contacts: value against fixed 4 a month, 5th percentile: ≥ −1.5%', found: withNote('value against fixed 4', '%', (value) => value >= -1.5), next: 'a wider guard around the habit in the first epochs, where the merchant has little to learn from' },
  { area: 'Dosage (toy fleet)', bench: 'evidence', goal: 'share of the oracle’s gain, months 4–12: ≥ 0.88 at 2,000 contacts', found: own('share of the oracle’s gain, months 4–12, 2000', '', (g) => g >= 0.88), next: 'a prior by kind of shop instead of one for all' },
  { area: 'Dosage (toy fleet)', bench: 'evidence', goal: 'share of the oracle’s gain, months 4–12: ≥ 0.93 at 20,000 contacts', found: own('share of the oracle’s gain, months 4–12, 20000', '', (g) => g >= 0.93), next: 'shrink exploration faster once segments agree' },
  { area: 'Dosage (toy fleet)', bench: 'evidence', goal: 'regret, 95th percentile over merchants: ≤ 7% at 2,000 contacts', found: own('regret, 95th percentile over merchants, 2000', '%', (r) => r <= 7), next: 'print the regret by kind of merchant; if the tail is those whom every message harms, start below the habit until their own losses speak' },
  { area: 'Dosage (toy fleet)', bench: 'evidence', goal: 'regret, 95th percentile over merchants: ≤ 4% at 20,000 contacts', found: own('regret, 95th percentile over merchants, 20000', '%', (r) => r <= 4), next: 'the same' },
  { area: 'Dosage (toy fleet)', bench: 'evidence', goal: 'value against fixed 4 a month, 5th percentile: ≥ −2.5% at 2,000 contacts', found: own('value against fixed 4, 5th percentile, 2000', '%', (w) => w >= -2.5), next: 'a wider guard around the habit' },
  { area: 'Dosage (toy fleet)', bench: 'evidence', goal: 'value against fixed 4 a month, 5th percentile: ≥ −1.5% at 20,000 contacts', found: own('value against fixed 4, 5th percentile, 20000', '%', (w) => w >= -1.5), next: 'the same' },
  { area: 'Lifetime value', bench: 'lifetime', goal: 'CDNOW figures of the papers reproduced', found: agree('CDNOW', 'rows within the printed digits'), next: 'check days against weeks first' },
  { area: 'Lifetime value', bench: 'lifetime', goal: '1,000,000 persons fitted and scored in seconds', found: (report) => { const [fit, score] = [row(report, 'fit ')?.own, row(report, 'score ')?.own]; return fit && score ? { value: `fitted in ${number(fit / 1000)} s, scored in ${number(score / 1000)} s`, met: fit + score < 10_000 } : undefined }, next: 'start from last month’s parameters' },
  { area: 'Attribution', bench: 'attribution', goal: '2 M paths: ≥ 20× ChannelAttribution (6.3 s, published)', found: (report) => { const one = row(report, 'Markov 1, exact', 'published'); return one?.own && one.anchorValue ? { value: `${number(one.anchorValue / one.own)}× (${number(one.own)} ms)`, met: one.anchorValue / one.own >= 20 } : undefined }, next: 'count transitions on two threads' },
  { area: 'Attribution', bench: 'attribution', goal: 'every credit equal to plain SQL in DuckDB to 1e-9', found: (report) => { const list = report.rows.filter((one) => one.anchor === 'duckdb'); return list.length === 0 ? undefined : { value: `${list.filter((one) => one.agrees).length} of ${list.length} models; ${number(Math.min(...list.map((one) => one.ratio?.median ?? 0)))} to ${number(Math.max(...list.map((one) => one.ratio?.median ?? 0)))}× as fast`, met: list.every((one) => one.agrees) } }, next: 'find the path that differs' },
  { area: 'Attribution', bench: 'attribution', goal: 'PathData table to the printed digits', found: agree('PathData', 'models equal'), next: 'compare the transition counts first' },
  { area: 'Attribution', bench: 'attribution', goal: 'error of calibrated credit ≤ 1/3 of last touch’s', found: (report) => { const one = row(report, 'mean absolute error of a channel'); return one?.own && one.anchorValue ? { value: `${number(one.own / one.anchorValue)} of last touch’s`, met: one.own <= one.anchorValue / 3 } : undefined }, next: 'give channels without a holdout the shrunken ratio of the others' },
  { area: 'Touch log', bench: 'touch', goal: '≥ 5× chDB, geometric mean of 5 questions', found: ratio('geometric mean of 5 questions, two threads', 'chdb', 5), next: 'a quiet machine first (all sides take both cores); then pressure, the least: a state per person that is only moved forward' },
  { area: 'Touch log', bench: 'touch', goal: '≥ 20× DuckDB, geometric mean of 5 questions', found: (report) => ratio('geometric mean of 5 questions, two threads', 'duckdb', 20)(report) ?? ratio('geometric mean of 5 questions, one thread', 'duckdb', 20)(report), next: 'pressure and paths weigh it down: a pressure per person that is only moved forward, and paths in memory that both threads share instead of two halves put together' },
  { area: 'Touch log', bench: 'touch', goal: 'exact distinct per type and day: ≥ 15× chDB', found: ratio('exact distinct persons per type and day, two threads', 'chdb', 15), next: 'count days that are complete once and keep them' },
  { area: 'Touch log', bench: 'touch', goal: 'answers identical to DuckDB’s', found: (report) => { const list = report.rows.filter((one) => one.anchor === 'duckdb'); return list.length === 0 ? undefined : { value: `${list.filter((one) => one.agrees).length} of ${list.length} agree`, met: list.every((one) => one.agrees) } }, next: 'shrink the log that differs' },
  { area: 'Touch log', bench: 'touch', goal: '≤ 6 bytes a touch in memory', found: own('memory', 'bytes', (bytes) => bytes <= 6), next: 'pack the type into four bits' },
  { area: 'Touch log', bench: 'touch', goal: 'durable ingest ≥ 500,000 touches/s with ids de-duplicated', found: own('durable ingest', 'touches/s', (rate) => rate >= 500_000), next: 'larger batches when many wait' },
  { area: 'Touch log', bench: 'touch', goal: 'cold start ≤ 2 s for 1e8 touches', found: (report) => { const one = row(report, 'cold start'); const millions = ({ small: 1, default: 10, large: 100 } as Record<string, number>)[report.size]; return one?.own && millions ? { value: `${number(one.own)} ms for ${millions} M touches (${number((one.own * 100) / millions / 1000)} s for 100 M at this rate)`, met: (one.own * 100) / millions <= 2000 } : undefined }, next: 'check the sums on both threads' },
  { area: 'Checkout', bench: 'checkout', goal: 'one hot SKU: ≥ 40× a row lock per order', found: ratio('one hot SKU', 'row-lock', 40), next: 'print it on a quiet machine; then profile a batch of waiting buyers, statement by statement' },
  { area: 'Checkout', bench: 'checkout', goal: 'one hot SKU: ≥ 8× TPC-B', found: ratio('one hot SKU', 'tpc-b', 8), next: 'insert orders, lines and facts of a batch from arrays in one statement, and leave to later what the buyer need not wait for' },
  { area: 'Checkout', bench: 'checkout', goal: 'baskets of 3 lines over 2,000 SKUs: ≥ 3× a transaction per order', found: ratio('baskets of 3', 'row-lock', 3), next: 'larger batches where baskets share no SKU' },
  { area: 'Checkout', bench: 'checkout', goal: 'baskets of 3 lines over 2,000 SKUs: ≥ 1× TPC-B', found: ratio('baskets of 3', 'tpc-b', 1), next: 'larger batches where baskets share no SKU' },
  { area: 'Moderation', bench: 'moderation', goal: 'scan of 65,000 words ≥ 20× mint-filter, normalisation on', found: ratio('scan, 65000 words, ordinary text', 'mint-filter', 20), next: 'keep the tail of a word that no other shares in one piece instead of a state per character' },
  { area: 'Moderation', bench: 'moderation', goal: 'scan ≥ 0.9× Hyperscan', found: ratio('scan, 65000 words, ordinary text', 'hyperscan', 0.9), next: 'apt-get install libhyperscan-dev where it is not measured; keep the tail of a word that no other shares in one piece' },
  { area: 'Moderation', bench: 'moderation', goal: 'reload of 100,000 words < 1 s', found: (report) => { const one = row(report, 'build and swap'); const count = Number(/\d+/.exec(one?.case ?? '')?.[0]); return one?.own ? { value: `${number(one.own)} ms for ${count.toLocaleString('en')} words`, met: (one.own * 100_000) / count <= 1000 } : undefined }, next: 'build only what changed' },
  { area: 'Moderation', bench: 'moderation', goal: 'COLD test macro-F1 ≥ 82.4', found: own('COLD test macro-F1, shipped', '', (f1) => f1 >= 82.4), next: 'labels by hand for a few thousand texts: the labels of training were half made by a model, held-out ones are met at 90 and the hand-labelled test part is not; a network of embeddings trained from these texts alone did worse on a topic it had not seen' },
  { area: 'Moderation', bench: 'moderation', goal: 'classify ≥ 1 M texts/s', found: own('classify, probability only', 'texts/s', (rate) => rate >= 1e6), next: 'keep the strongest pairs only, so that all tables stay in the second-level cache' },
  { area: 'Moderation', bench: 'moderation', goal: 'after each of twelve dodges the matcher still finds ≥ 95%', found: (report) => { const list = report.rows.filter((one) => /^recall after ".*matcher/.test(one.case)); return list.length === 0 ? undefined : { value: `${list.filter((one) => one.own! >= 0.95).length} of ${list.length}${list.filter((one) => one.own! < 0.95).map((one) => `; ${/"(.+)"/.exec(one.case)?.[1]} ${number(one.own!)}`).join('')}`, met: list.every((one) => one.own! >= 0.95) } }, next: 'fold a repeated character also where the listed word itself has one' },
  { area: 'Moderation', bench: 'moderation', goal: 'after each of twelve dodges the classifier still finds ≥ 95%', found: (report) => { const list = report.rows.filter((one) => /^recall after ".*classifier/.test(one.case)); return list.length === 0 ? undefined : { value: `${list.filter((one) => one.own! >= 0.95).length} of ${list.length}${list.filter((one) => one.own! < 0.95).map((one) => `; ${/"(.+)"/.exec(one.case)?.[1]} ${number(one.own!)}`).join('')}`, met: list.every((one) => one.own! >= 0.95) } }, next: 'join split characters before the n-grams as the matcher does, and train with homophones drawn at random' },
  { area: 'Pooling', bench: 'disclosure', goal: 'coverage of mean and prediction ≥ 93%', found: all('pooling:', (one) => one.own! >= 0.93, 'rows'), next: 'a wider prior of the spread between cases' },
  { area: 'Disclosure', bench: 'disclosure', goal: 'no small cell an outsider can narrow to under 5', found: own('suppression: small cells', 'cells', (cells) => cells === 0), next: 'add the table that broke it to the tests' },
  { area: 'Disclosure', bench: 'disclosure', goal: 'noise fits its distribution exactly; rounded floating-point noise does not', found: (report) => { const list = [...rows(report, 'discrete '), ...rows(report, 'control:')]; return list.length === 0 ? undefined : { value: `${list.filter((one) => one.agrees).length} of ${list.length} tests`, met: list.every((one) => one.agrees) } }, next: 'look at the smallest variance first' },
  { area: 'Callbacks', bench: 'intake', goal: 'stored and fsynced: ≥ 0.7× storage off (aim 0.9×)', found: ratio('durable intake, 64', 'storage-off', 0.7), next: 'one decipher per connection key kept ready, and no second parse of the body' },
  { area: 'Callbacks', bench: 'intake', goal: '≥ 2× insert per request at 256 connections', found: ratio('durable intake, 256', 'insert-per-request', 2), next: 'longer batches while a commit is under way' },
  { area: 'Callbacks', bench: 'intake', goal: 'p99 ≤ 20 ms at half the saturation rate', found: own('p99 at half', 'ms', (ms) => ms <= 20), next: 'begin the next commit before the last is acknowledged' },
  {
    area: 'Replay', bench: 'replay', goal: 'a real year (19,959 orders) in under 90 s, totals equal to the fen, also with faults',
    found: (report) => {
      const list = rows(report, 'replay of')
      return list.length === 0 ? undefined : { value: `${list.map((one) => `${number(19_959 / one.own!)} s ${/with(out)? faults/.exec(one.case)![0]}`).join(', ')} at this rate (${list.map((one) => number(one.own!)).join(', ')} orders/s); totals ${list.every((one) => one.agrees) ? 'equal' : 'DIFFER'}`, met: list.every((one) => one.agrees && 19_959 / one.own! <= 90) }
    },
    next: 'profile one order from ring to row: reads of an order that only moved on its way, and statements a batch, are what repeats',
  },
  { area: 'Simulation', bench: 'simulate', goal: '≥ 2,000 merchant-days a minute at 100 people, two seeds at once, faults on', found: own('100 people, 60 days: merchant-days', 'merchant-days a minute', (rate) => rate >= 2000), next: 'worlds in processes of their own, and fewer statements a tick: half the time is PostgreSQL’s, a tenth of a second a merchant-day' },
  { area: 'Simulation', bench: 'simulate', goal: '≥ 400 merchant-days a minute at 500 people', found: own('500 people, 30 days: merchant-days', 'merchant-days a minute', (rate) => rate >= 400), next: 'the same; the nightly judgement of dosage only where an epoch ends' },
  { area: 'Start', bench: 'start', goal: 'from a fresh clone to the first order on the page: under 3 minutes', found: own('fresh clone: npm start to the first order', 's', (seconds) => seconds <= 180), next: 'run it with --size fresh; the demo’s first order waits for its hour of the day, so begin the first day a minute before the shop opens' },
  { area: 'Start', bench: 'start', goal: 'memory of the whole system at rest ≤ 600 MB (with 10,000 people)', found: (report) => { const one = row(report, 'memory at rest'); return one?.own ? { value: `${number(one.own)} MB${one.case.includes('10,000') ? '' : ' with the demo merchant; 10,000 people not measured'}`, met: one.own <= 600 && one.case.includes('10,000') } : undefined }, next: 'measure again as soon as the start command takes a population of 10,000' },
]

const cell = (text: string): string => text.replaceAll('|', '\\|').replace(/\s+/g, ' ')

export function judge(reports: Reports): Array<{ goal: Goal; found: Found }> {
  return goals.map((goal) => ({ goal, found: reports.has(goal.bench) ? goal.found(reports.get(goal.bench)!) : undefined }))
}

function commandOf(name: string, report: BenchReport): string {
  if (name.startsWith('simulate-dosage')) return `simulate dosage ${report.size}`
  return `bench ${name}${report.size === 'default' ? '' : ` --size ${report.size}`}`
}

export function benchReadme(reports: Reports): string {
  const judged = judge(reports)
  const count = (test: (found: Found) => boolean): number => judged.filter(({ found }) => test(found)).length
  const [met, short, open] = [count((found) => found?.met === true), count((found) => found?.met === false), count((found) => found === undefined)]
  const text: string[] = [
    '# Benches: the figures as last printed, beside the goals',
    '',
    'Generated by `npm run gen` from `bench/results`; do not edit.',
    '',
    '    npm run -s qz -- bench                                 # which there are',
    '    npm run -s qz -- bench touch --json                    # one object; exit 1 when an answer differs from the anchor’s',
    '    npm run -s qz -- bench touch --size small --rounds 1   # a quick look',
    '    npm run -s qz -- bench touch --plot touch.svg          # and a picture',
    '    npm run -s qz -- bench touch --json > bench/results/touch.json && npm run gen',
    '',
    '- Anchor and ours run in one process, in turns, on the same rows, and must give the same answer before a time is printed. **Only ratios of one run count**; above 1 ours is faster. The range is over the rounds.',
    '- Measured on 2 cores with 24 GiB, Node 20, often while other work ran: one time may be off by a third or more. The anchors that use both cores suffer from that more than ours on one thread, and less on two.',
    '- `published` figures were measured elsewhere by others. Heavy anchors (chDB and the npm matchers) have a package of their own in `bench/`: `npm ci` there; without it their rows are skipped with a line.',
    '- Data sets are read beside the repository and never shipped; a row without its data is skipped with a line.',
    '',
    `## Goals: ${met} reached, ${short} short, ${open} not measured`,
    '',
    '| Area | Goal | As last printed | Reached | Bench |',
    '|---|---|---|---|---|',
    ...judged.map(({ goal, found }) => `| ${goal.area} | ${cell(goal.goal)} | ${found ? cell(found.value) : '–'} | ${found === undefined ? 'not measured' : found.met ? 'yes' : '**no**'} | ${reports.has(goal.bench) ? `[${goal.bench}](#${goal.bench})` : goal.bench} |`),
    '',
    '## Where it falls short, and the next idea',
    '',
    ...judged.filter(({ found }) => found?.met !== true).map(({ goal, found }) => `- **${goal.area}: ${goal.goal}** (${found?.value ?? 'not measured'}). Next: ${goal.next}.`),
  ]
  for (const [name, report] of [...reports].sort(([a], [b]) => (a < b ? -1 : 1))) {
    text.push(
      '', `## ${name}`, '', `\`npm run -s qz -- ${commandOf(name, report)} --json\`: ${report.rows.length} rows, ${report.rows.filter((one) => one.agrees).length} agree${report.peakRssMb > 0 ? `, peak ${report.peakRssMb} MB` : ''}${report.machine ? `; printed on ${report.machine.cores} cores at load average ${report.machine.loadBefore}${report.machine.loadBefore > report.machine.cores ? ' (busy: read the ratios, not the times)' : ''}` : ''}.`, '',
      '| Case | Ours | Unit | Anchor | Its figure | Ratio (range) | Agrees | Goal | Note |', '|---|--:|---|---|--:|--:|---|---|---|',
      ...report.rows.map((one) => `| ${cell(one.case)} | ${one.own === null ? '' : number(one.own)} | ${cell(one.unit)} | ${cell(one.anchor)} | ${one.anchorValue === null ? '' : number(one.anchorValue)} | ${one.ratio ? `${number(one.ratio.median)} (${number(one.ratio.min)}–${number(one.ratio.max)})` : ''} | ${one.agrees ? 'yes' : '**no**'} | ${cell(one.goal ?? '')} | ${cell(one.note ?? '')} |`),
    )
    if (report.skipped.length > 0) text.push('', 'Skipped:', '', ...report.skipped.map((one) => `- ${one.case}: ${one.why}`))
  }
  return `${text.join('\n')}\n`
}

/** A fleet as `simulate dosage` prints it, as rows beside the goals of its size. */
type Fleet = { seed: number; epochs: number; fleet: { contacts: number; merchants: number; G: Record<string, number>; R: Record<string, number>; W: Record<string, number> } }
function fleetReport(name: string, { seed, epochs, fleet }: Fleet): BenchReport {
  const { contacts, merchants, G, R, W } = fleet
  const aim = contacts >= 20_000 ? { G: 0.93, R: 4, W: -1.5 } : { G: 0.88, R: 7, W: -2.5 }
  const line = (title: string, own: number, wanted: number, unit: string, atLeast: boolean, note: string): BenchRow => ({ case: title, own, anchor: 'goal', anchorValue: wanted, unit, ratio: null, agrees: true, goal: `${atLeast ? '≥' : '≤'} ${wanted}`, note })
  const range = (low: number, high: number): string => `95% [${number(low)}, ${number(high)}]`
  return {
    bench: name, size: `--contacts ${contacts} --merchants ${merchants} --epochs ${epochs} --seed ${seed}`, peakRssMb: 0, skipped: [],
    rows: [
      line('share of the oracle’s gain over silence, epochs 4–12', G.epochs4to12, aim.G, 'share', true, `${range(G.low, G.high)}; epoch 3 ${number(G.epoch3)}; fixed 4 a month ${number(G.fixed4)}; engagement rule ${number(G.engagement)}`),
      line('regret, 95th percentile over merchants', R.p95, aim.R, '% of silence’s value', false, `mean ${number(R.mean)} ${range(R.low, R.high)}; the 95th percentile may be up to ${number(R.p95High)}; engagement rule ${number(R.engagementP95)}`),
      line('value against fixed 4 a month, 5th percentile over merchants', W.p5, aim.W, '%', true, range(W.low, W.high)),
    ],
  }
}

export function readReports(folder = join(root, 'bench/results')): Reports {
  const files = existsSync(folder) ? readdirSync(folder).filter((file) => file.endsWith('.json')).sort() : []
  return new Map(files.map((file): [string, BenchReport] => {
    const name = file.slice(0, -5)
    const found = JSON.parse(readFileSync(join(folder, file), 'utf8')) as BenchReport | Fleet
    return [name, 'fleet' in found ? fleetReport(name, found) : found]
  }))
}

export async function benchDocument(): Promise<string> {
  return benchReadme(readReports())
}
