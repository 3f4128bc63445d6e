import type { Versioned } from '../../kube/watch/store.ts'

/** A cache as the plan and the health see it. */
export interface Source<T extends Versioned> {
  get(key: string): T | undefined
  put(key: string, view: T): void
  entries(): Iterable<[string, T]>
  readonly synced: boolean
  readonly lastProgress: number
  readonly lastActivity: number
  run(signal: AbortSignal): Promise<void>
  /** The server's versions went back: reads all again, and replaces what is known. */
  rewind(): void
}
