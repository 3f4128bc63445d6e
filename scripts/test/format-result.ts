import { formatDuration } from '../../src/lib/format-duration.ts'
import type { FileResult } from './run-file.ts'

/**
 * Renders a line for a test file. For a failed file, adds each failing test and the path of its
 * output.
 */
export function formatResult({ file, counts, failures, tail, log, ms }: FileResult): string {
  const { passed, failed, skipped } = counts
  const parts = [`${passed} passed`, failed > 0 && `${failed} failed`, skipped > 0 && `${skipped} skipped`]
  const line = `${failed > 0 ? '✖' : '✔'} ${file} · ${parts.filter(Boolean).join(', ')} · ${formatDuration(ms)}`
  if (failed === 0) return line
  const lines = [line, ...failures.map((failure) => indent(failure, '  '))]
  // If nothing passed, the file most likely did not even load, and only its output contains the
  // reason.
  if (passed === 0 && tail) lines.push(indent(tail, '  | '))
  return [...lines, `  log: ${log}; its programs' logs, if any: ${log.replace(/\.log$/, '/')}`].join('\n')
}

function indent(text: string, by: string): string {
  return text
    .split('\n')
    .map((line) => `${by}${line}`.trimEnd())
    .join('\n')
}
