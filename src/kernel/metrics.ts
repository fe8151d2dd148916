import { Registry, Gauge, collectDefaultMetrics } from 'prom-client'

/** Prometheus text at /metrics. Values are read when asked, so nothing here keeps state of its own. */
export type Metrics = { text(): Promise<string>; gauge(name: string, help: string, read: () => number | Promise<number>): void }

export function createMetrics(): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 20 })
  return {
    text: () => registry.metrics(),
    gauge(name, help, read) {
      const gauge = new Gauge({ name, help, registers: [registry], async collect() {
        gauge.set(await read())
      } })
    },
  }
}
