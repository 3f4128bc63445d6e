import type { ClusterResult } from '../cluster-result.ts'

const WIDTH = 40

/** One line per started cluster, with its time span to scale, by wave. */
export function timeline(results: readonly ClusterResult[], totalMs: number): readonly string[] {
  const started = results.filter(({ startedMs }) => startedMs !== null)
  const sorted = started.toSorted((a, b) => a.wave - b.wave || (a.startedMs ?? 0) - (b.startedMs ?? 0))
  const nameWidth = Math.min(40, Math.max(0, ...sorted.map(({ name }) => name.length)))
  const scale = WIDTH / Math.max(1, totalMs)
  return sorted.map(({ name, wave, startedMs, durationMs, status }) => {
    const begin = Math.min(WIDTH - 1, Math.floor((startedMs ?? 0) * scale))
    const length = Math.max(1, Math.min(WIDTH - begin, Math.round(durationMs * scale)))
    const bar = `${'·'.repeat(begin)}${'█'.repeat(length)}`.padEnd(WIDTH, '·')
    const title = name.length > 40 ? `${name.slice(0, 39)}…` : name.padEnd(nameWidth)
    return `wave ${String(wave).padStart(2)}  ${title}  ${bar}  ${formatDuration(durationMs).padStart(7)}  ${status}`
  })
}

/** `830 ms`, `12.3 s`, `4 m 05 s`. */
export function formatDuration(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`
  const seconds = milliseconds / 1000
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`
  const minutes = Math.floor(Math.round(seconds) / 60)
  return `${minutes} m ${String(Math.round(seconds) - minutes * 60).padStart(2, '0')} s`
}
