import { ANY, type Measure } from '../figures.ts'

const SUFFIX = {
  times: 'x',
  count: '',
  milliseconds: ' ms',
  seconds: ' s',
  mebibytes: ' MiB',
  percent: ' %',
} as const satisfies Record<Measure, string>

/**
 * For example `0.95x / 2.80x`; a unit with a space is written once, at the end; `–` for a number
 * without a limit.
 */
export function formatNumbers(numbers: readonly number[], measure: Measure): string {
  const suffix = SUFFIX[measure]
  const show = (number: number): string => (number === ANY ? '–' : formatNumber(number))
  if (!suffix.startsWith(' ')) return numbers.map((number) => show(number) + (number === ANY ? '' : suffix)).join(' / ')
  return numbers.map(show).join(' / ') + suffix
}

/** Only significant digits. */
export function formatNumber(number: number): string {
  if (Number.isInteger(number)) return number.toString()
  return number.toFixed(Math.abs(number) >= 100 ? 0 : Math.abs(number) >= 10 ? 1 : 2)
}
