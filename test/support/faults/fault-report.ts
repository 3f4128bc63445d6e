import { appendFileSync } from 'node:fs'
import type { TestContext } from 'node:test'

/** One injected fault and how long it took until everything was current again: a row of the table in docs/reliability.md. */
export interface FaultFigure {
  /** Lower-case words with `-`, for good: the page has its words by it. */
  readonly id: string
  readonly area: FaultArea
  /** From the end of the fault (or from its begin, where it ends at once) until all invariants held, milliseconds. */
  readonly recoveredMs: number
  /** What else was counted: namespaces, requests, cases, seconds of the fault. */
  readonly counts?: Readonly<Record<string, number>>
}

/** `watch`, `api-server`, `writers`, `process`: between helper and API server; the others beyond them. */
export type FaultArea = 'watch' | 'api-server' | 'writers' | 'process' | 'cloud' | 'objects' | 'fuzz'

/** A file to which each figure is appended as one line of JSON; the page's table is written from it. */
export const FIGURES_VARIABLE = 'ACR_NOPASS_FAULT_FIGURES'

/** Tells the figure as a diagnostic line of the test and, where {@link FIGURES_VARIABLE} names a file, adds it there. */
export function reportFault(context: Pick<TestContext, 'diagnostic'>, figure: FaultFigure): void {
  const counts = Object.entries(figure.counts ?? {}).map(([what, count]) => `, ${what} ${count}`)
  context.diagnostic(`fault ${figure.id}: current again after ${Math.round(figure.recoveredMs)} ms${counts.join('')}`)
  const file = process.env[FIGURES_VARIABLE]
  const line = { ...figure, recoveredMs: Math.round(figure.recoveredMs) }
  if (file) appendFileSync(file, `${JSON.stringify(line)}\n`)
}
