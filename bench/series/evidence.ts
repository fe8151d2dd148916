import { decideDose } from '../../src/math/evidence/index.ts'
import { randomStream } from '../../src/math/random/index.ts'
import { monthlyDoses, toyEpoch, toyMerchant, toyPrior, type ToyMerchant } from '../dose-fleet.ts'
import type { SeriesOf } from '../plot-report.ts'
import type { Panel } from '../plot.ts'

/** The first merchant of the fleet whose middle segment is best served by a dose in between: neither silence nor the most. */
function humpMerchant(): ToyMerchant {
  for (let seed = 1; ; seed++) {
    const merchant = toyMerchant(seed)
    const value = merchant.value.subarray(monthlyDoses.length, 2 * monthlyDoses.length)
    const best = value.indexOf(Math.max(...value))
    if (best > 0 && best < monthlyDoses.length - 1) return merchant
  }
}

/** One merchant of the small fleet whose truth is known: what is believed of the large middle segment after some months, beside the truth. */
function doseResponse(contacts: number, months: number): Panel {
  const merchant = humpMerchant()
  const random = randomStream(7, contacts)
  const share = [0.2, 0.5, 0.3]
  const arms = monthlyDoses.length
  const persons = (): Float64Array => Float64Array.from({ length: 3 * arms }, (_, c) => Math.round((contacts * share[Math.floor(c / arms)]) / arms))
  const found = decideDose({
    segments: 3, doses: monthlyDoses, epochs: Array.from({ length: months }, () => toyEpoch(merchant, persons(), 1, random)), roster: Float64Array.from(share, (s) => s * contacts),
    lossCost: merchant.lossCost, habitArm: 3, scale: merchant.scale, prior: toyPrior(60, 3000, 900_000, 1), seed: 7,
  })
  const cell = (a: number): number => arms + a
  return {
    kind: 'lines', title: `Dose and response: ${contacts.toLocaleString('en')} contacts, ${months} months`, note: 'Net value of a dose against silence, money gained less the cost of those it drives away, for the middle half of one simulated merchant’s contacts. Bars: 95% intervals.',
    x: { label: 'touches in 28 days' }, y: { label: 'yuan a person and 28 days' }, references: [{ value: 0, label: 'silence' }],
    lines: [
      { name: 'believed', dots: true, points: Array.from(monthlyDoses, (dose, a) => ({ x: dose, y: found.valueMean[cell(a)], low: found.valueLow[cell(a)], high: found.valueHigh[cell(a)] })) },
      { name: 'truth', dashed: true, points: Array.from(monthlyDoses, (dose, a) => ({ x: dose, y: merchant.value[cell(a)] })) },
    ],
  }
}

export const series: SeriesOf = (report) => {
  const coverage = report.rows.filter((row) => row.anchor === 'nominal')
  const alarms = report.rows.filter((row) => row.unit === 'share' && row.anchor.startsWith('bound'))
  return [
    doseResponse(2000, 3),
    doseResponse(20_000, 3),
    {
      kind: 'rows', style: 'dots', title: 'How often 95% intervals hold the truth', note: `${report.rows.length > 0 ? `size ${report.size}; ` : ''}between the dashed lines is the aim; the plug-in interval is the control that must fail`, names: [''], axis: { label: 'share of intervals', percent: true, from: 0.88, to: 1 },
      rows: coverage.map((row) => ({ label: row.case, marks: [{ value: row.own! }] })), references: [{ value: 0.93, label: '93%' }, { value: 0.97, label: '97%' }],
    },
    {
      kind: 'rows', style: 'bars', title: 'False alarms when nothing is there', note: 'share of runs that ever cried wolf; the tests read every day are the controls', names: ['found', 'bound'], axis: { label: 'share of runs', percent: true, from: 0 },
      rows: alarms.map((row) => ({ label: row.case, marks: [{ value: row.own! }, { value: row.anchorValue! }] })),
    },
  ]
}
