import type { FaultArea } from '../../test/support/faults/fault-report.ts'

/** A row of the table of faults, in one language. */
export type Words = readonly [fault: string, noticed: string, does: string]

/** An injected fault; `{name}` in its words is replaced by the run's count with that name. */
export interface FaultRow {
  readonly area: Exclude<FaultArea, 'fuzz'>
  /**
   * The id with which the test reports its figure; undefined for a fault whose test measures no
   * time.
   */
  readonly id: string | undefined
  /** The test's path below `test/cluster`. */
  readonly file: string
  /** A part of the test's title, as written in the file. */
  readonly title: string
  readonly en: Words
  readonly zh: Words
}

/** Rows of one area and file. */
export function rowsOf(
  area: FaultRow['area'],
  file: string,
  rows: readonly (readonly [id: string | undefined, title: string, en: Words, zh: Words])[],
): readonly FaultRow[] {
  return rows.map(([id, title, en, zh]) => ({ area, file, id, title, en, zh }))
}
