import { arch, cpus, platform, release } from 'node:os'

/** What one run measured: `docs/reliability-figures.json`, from which the pages' tables are written. */
export interface RunFigures {
  readonly machine: string
  /** ISO date of the newest figure. */
  readonly date: string
  readonly faults: Readonly<Record<string, FaultTime>>
  /** Cases by property. */
  readonly fuzz: Readonly<Record<string, number>>
}

export interface FaultTime {
  readonly ms: number
  readonly counts?: Readonly<Record<string, number>>
}

/**
 * The figures with those of the lines that a run of the tests wrote (`ACR_NOPASS_FAULT_FIGURES`); what that run did not measure stays.
 * Of the same fault the slowest counts, of the same property the most cases.
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
