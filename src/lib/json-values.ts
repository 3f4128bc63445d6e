// `String` and `Number` run, and fail on, what a broken peer sends as an object.

/** A text of an answer; '' for what is none. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

/** A number of an answer, also one that came as text; NaN for what is none. */
export function numberOf(value: unknown): number {
  return typeof value === 'number' ? value : typeof value === 'string' ? Number(value) : Number.NaN
}
