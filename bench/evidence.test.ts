import { describe, expect, it } from 'vitest'
import { coverageOfDifference, coverageOfPooling, lossFalseAlarms, moneyFalseAlarms, ratioFalseAlarms } from './evidence-simulations.ts'

// Small versions of `qz bench evidence`: bounds are widened by about three standard errors of the simulation.
describe('calibration of evidence, small version', () => {
  it('has fixed-time intervals that cover', () => {
    const coverage = coverageOfDifference(300, 3)
    expect(coverage).toBeGreaterThan(0.91)
    expect(coverage).toBeLessThan(0.985)
  })

  it('has pooled intervals that cover where plugged-in ones do not', () => {
    const { mixture, plugIn } = coverageOfPooling(30, 12, 1.2, 3)
    expect(mixture).toBeGreaterThan(0.91)
    expect(plugIn).toBeLessThan(mixture)
  })

  it('raises few false alarms about money with a look every day, and the t-test read every day raises many', () => {
    const { sequence, naive } = moneyFalseAlarms(60, 3)
    expect(sequence).toBeLessThanOrEqual(0.1)
    expect(naive).toBeGreaterThan(0.15)
  })

  it('raises few false alarms about losses and sample ratios, and the daily tests raise many', () => {
    const losses = lossFalseAlarms(200, 3)
    expect(losses.sequence).toBeLessThanOrEqual(0.09)
    expect(losses.naive).toBeGreaterThan(0.15)
    const ratio = ratioFalseAlarms(200, 3)
    expect(ratio.sequence).toBeLessThanOrEqual(0.03)
    expect(ratio.naive).toBeGreaterThan(0.03)
  })
})
