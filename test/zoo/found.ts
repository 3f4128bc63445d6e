/** A cluster in which something once went wrong: its seed, and of its features those that it takes. */
export interface Found {
  readonly finding: string
  readonly seed: number
  readonly only?: readonly number[]
}

export const FOUND: readonly Found[] = []
