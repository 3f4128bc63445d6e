import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** Seconds of the test files in this machine's last whole run. */
const OWN = '.cache/test-durations.json'
/** Used for a file that no run has measured. */
const UNKNOWN = 60

/** Seconds by label. */
export type Durations = Readonly<Record<string, number>>

export function readDurations(root: string): Durations {
  return read(join(root, OWN))
}

export function writeDurations(
  root: string,
  results: readonly { readonly label: string; readonly ms: number }[],
): void {
  const file = join(root, OWN)
  const seconds = results.map(({ label, ms }) => [label, Math.round(ms / 1000)] as const).toSorted()
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, `${JSON.stringify(Object.fromEntries(seconds), null, 2)}\n`)
}

/**
 * The slowest first, because a long one that begins last would run alone at the end. Of those that
 * take equally long, for all that is known: those that wait before those that fill the cores, and
 * first those of a group of which the fewest run at the same time.
 */
export function slowestFirst<T extends { readonly label: string; readonly most: number; readonly waits: boolean }>(
  jobs: readonly T[],
  durations: Durations,
): readonly T[] {
  const secondsOf = ({ label }: T): number => durations[label] ?? UNKNOWN
  return jobs.toSorted((a, b) => secondsOf(b) - secondsOf(a) || Number(b.waits) - Number(a.waits) || a.most - b.most)
}

function read(file: string): Durations {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return {}
  }
}
