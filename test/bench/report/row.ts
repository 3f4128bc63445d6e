/** A text in the languages of the documentation. */
export interface Text {
  readonly en: string
  readonly zh: string
}

/** What a row's numbers are. `writes`: in round trips of one write; `times`: compared with what stands beside it. */
export type Measure = 'writes' | 'times' | 'count' | 'seconds' | 'mebibytes' | 'percent'

/** One line of the table. */
export interface RowSpec {
  readonly id: string
  readonly title: Text
  readonly measure: Measure
  /** The most that each number may be; without: for information. */
  readonly bars?: readonly number[]
  /** On a clock of its own: the same on every machine. */
  readonly simulated?: boolean
  /** What was measured of others, or of a lower bound, and what they do differently. */
  readonly peers: Text
}

/** A row's numbers by its id; a row without is left out. */
export type Figures = Readonly<Record<string, readonly number[]>>

const SUFFIX = {
  writes: 'x',
  times: 'x',
  count: '',
  seconds: ' s',
  mebibytes: ' MiB',
  percent: ' %',
} as const satisfies Record<Measure, string>

/** Such as `0.95x / 2.8x`; a measure with a space stands once, at the end. */
export function formatNumbers(numbers: readonly number[], measure: Measure): string {
  const suffix = SUFFIX[measure]
  if (!suffix.startsWith(' ')) return numbers.map((number) => formatNumber(number) + suffix).join(' / ')
  return numbers.map(formatNumber).join(' / ') + suffix
}

function formatNumber(number: number): string {
  if (Number.isInteger(number)) return number.toString()
  return number.toFixed(Math.abs(number) >= 100 ? 0 : Math.abs(number) >= 10 ? 1 : 2)
}

/** Whether each number, as it is shown, is within its bar; undefined without bars. */
export function isWithin(numbers: readonly number[], bars: readonly number[] | undefined): boolean | undefined {
  if (bars === undefined) return undefined
  return bars.every((bar, index) => Number(formatNumber(numbers[index] ?? Number.NaN)) <= bar)
}

/** A bar about time, memory or CPU may be missed on a busy machine; one about what is done may not. */
export function dependsOnMachine({ measure, id, simulated }: RowSpec): boolean {
  return simulated !== true && (measure !== 'count' || id.endsWith('-time'))
}
