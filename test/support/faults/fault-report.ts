import type { TestContext } from 'node:test'

/**
 * One injected fault and the time until everything had recovered: a row of the table in
 * docs/reliability.md.
 */
export interface FaultFigure {
  /**
   * A permanent ID of lower-case words and `-`. The documentation finds the fault's text by this
   * ID.
   */
  readonly id: string
  readonly area: FaultArea
  /**
   * Milliseconds from the end of the fault, or from its start if it has no duration, until all
   * invariants held.
   */
  readonly recoveredMs: number
  /** Other figures: namespaces, requests, cases, seconds of the fault. */
  readonly counts?: Readonly<Record<string, number>>
}

/** The location of a fault. The first four are between helper and API server. */
export type FaultArea = 'watch' | 'api-server' | 'writers' | 'process' | 'cloud' | 'objects' | 'fuzz'

/** Reports a figure as a diagnostic line of the test. */
export function reportFault(context: Pick<TestContext, 'diagnostic'>, figure: FaultFigure): void {
  const counts = Object.entries(figure.counts ?? {}).map(([what, count]) => `, ${what} ${count}`)
  context.diagnostic(`fault ${figure.id}: current again after ${Math.round(figure.recoveredMs)} ms${counts.join('')}`)
}
