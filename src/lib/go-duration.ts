import { NopassError } from '../errors.ts'

const UNITS: Readonly<Record<string, number>> = { h: 3600, m: 60, s: 1, ms: 0.001 }

/**
 * Parses a Go duration such as `5m`, `1m30s` or `90s` to seconds, as helm's `--timeout` does.
 * @throws INPUT_INVALID
 */
export function parseGoDuration(text: string, input: string): number {
  if (!/^(\d+(\.\d+)?(h|ms|m|s))+$/.test(text)) {
    throw new NopassError('INPUT_INVALID', `${input}: "${text}" is not a duration`, {
      hint: 'Write it as `5m`, `90s` or `1m30s`.',
    })
  }
  let seconds = 0
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(h|ms|m|s)/g)) {
    seconds += Number(amount) * (UNITS[unit ?? 's'] ?? 1)
  }
  return seconds
}
