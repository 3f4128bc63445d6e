import type { Metric, Registry } from 'prom-client'

/**
 * A histogram and a counter that cost an addition each: a rotation passes here tens of thousands of times, and prom-client's own
 * look up their labels anew each time. They are read by prom-client's registry like any other metric.
 */
export interface PlainHistogram {
  observe(value: number): void
}

export interface PlainCounter {
  inc(labels: string): void
}

interface Options {
  readonly name: string
  readonly help: string
}

export function createPlainHistogram(
  registry: Registry,
  options: Options & { readonly labels: Readonly<Record<string, string>>; readonly buckets: readonly number[] },
): PlainHistogram {
  const { name, help, labels, buckets } = options
  const counts = new Array<number>(buckets.length + 1).fill(0)
  let sum = 0
  register(registry, { name, help, type: 'histogram', labelNames: Object.keys(labels) }, () => {
    let total = 0
    const lines = counts.map((count, index) => {
      total += count
      const le = buckets[index] ?? '+Inf'
      return { metricName: `${name}_bucket`, labels: { ...labels, le }, value: total }
    })
    return [
      ...lines,
      { metricName: `${name}_sum`, labels, value: sum },
      { metricName: `${name}_count`, labels, value: total },
    ]
  })
  return {
    observe(value) {
      let at = 0
      while (at < buckets.length && value > (buckets[at] ?? 0)) at += 1
      counts[at] = (counts[at] ?? 0) + 1
      sum += value
    },
  }
}

/** `inc` takes the values of `labelNames`, joined by a space. */
export function createPlainCounter(
  registry: Registry,
  options: Options & { readonly labelNames: readonly string[] },
): PlainCounter {
  const { name, help, labelNames } = options
  const counts = new Map<string, number>()
  register(registry, { name, help, type: 'counter', labelNames }, () =>
    [...counts].map(([key, value]) => {
      const values = key.split(' ')
      return { labels: Object.fromEntries(labelNames.map((label, index) => [label, values[index] ?? ''])), value }
    }),
  )
  return {
    inc: (labels) => void counts.set(labels, (counts.get(labels) ?? 0) + 1),
  }
}

interface Head extends Options {
  readonly type: string
  /** As prom-client's own metrics carry them. */
  readonly labelNames: readonly string[]
}

interface Value {
  readonly metricName?: string
  readonly labels: Readonly<Record<string, string | number>>
  readonly value: number
}

function register(registry: Registry, head: Head, read: () => readonly Value[]): void {
  const metric = { ...head, aggregator: 'sum', get: async () => ({ ...head, values: read(), aggregator: 'sum' }) }
  // What a registry asks of a metric at run time: a name, and `get`.
  registry.registerMetric(metric as unknown as Metric)
}
