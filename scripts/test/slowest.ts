import { formatDuration } from '../../src/sandbox/duration.ts'
import type { FileResult } from './run-file.ts'

/** The slowest files of a run, for its end: where the time goes. */
export function formatSlowest(results: readonly Pick<FileResult, 'file' | 'ms'>[], count = 10): string {
  const slowest = results.toSorted((a, b) => b.ms - a.ms).slice(0, count)
  return ['slowest files:', ...slowest.map(({ file, ms }) => `  ${formatDuration(ms)} ${file}`)].join('\n')
}
