import { arch, cpus, platform, release } from 'node:os'

/** The results of a run: `docs/reliability-figures.json`, the source of the pages' tables. */
export interface RunFigures {
  readonly machine: string
  /** ISO date of the newest figure. */
  readonly date: string
  readonly faults: Readonly<Record<string, FaultTime>>
  /** The number of cases by property. */
  readonly fuzz: Readonly<Record<string, number>>
}

export interface FaultTime {
  readonly ms: number
  readonly counts?: Readonly<Record<string, number>>
}

/**
 * Merges the lines that a test run wrote (`ACR_NOPASS_FAULT_FIGURES`) into the figures; what that
 * run did not measure stays. For each fault the slowest value counts, for each property the most
 * cases.
 */
export function mergeFigures(known: RunFigures | undefined, lines: string, date: string): RunFigures {
  const faults: Record<string, FaultTime> = {}
  const fuzz: Record<string, number> = {}
  for (const line of lines.split('\n').filter((text) => text !== '')) {
    const figure = JSON.parse(line) as {
      readonly id: string
      readonly area: string
      readonly recoveredMs?: number
      readonly cases?: number
      readonly counts?: Readonly<Record<string, number>>
    }
    const { id, cases, recoveredMs: ms = 0, counts } = figure
    if (figure.area === 'fuzz') fuzz[id] = Math.max(cases ?? 0, fuzz[id] ?? 0)
    else if ((faults[id]?.ms ?? -1) < ms) faults[id] = { ms, ...(counts && { counts }) }
  }
  return {
    machine: `${cpus().length} × ${cpus()[0]?.model.trim() ?? 'processor'}, ${platform()} ${release()} ${arch()}, Node ${process.version}`,
    date,
    faults: sorted({ ...known?.faults, ...faults }),
    fuzz: sorted({ ...known?.fuzz, ...fuzz }),
  }
}

function sorted<T>(record: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)))
}
