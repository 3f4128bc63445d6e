import { formatDuration } from '../../src/lib/format-duration.ts'

/** Lists the slowest files of a run, for the end of the output. */
export function formatSlowest(results: readonly { readonly label: string; readonly ms: number }[], count = 10): string {
  const slowest = results.toSorted((a, b) => b.ms - a.ms).slice(0, count)
  return ['slowest files:', ...slowest.map(({ label, ms }) => `  ${formatDuration(ms)} ${label}`)].join('\n')
}
