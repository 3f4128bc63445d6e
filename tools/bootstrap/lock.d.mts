/** Who holds a lock: a process on a machine, what for, and since when (ISO time). */
export interface LockHolder {
  readonly pid: number
  readonly start: string
  readonly host: string
  readonly what: string
  readonly since: string
}

export interface LockOptions {
  readonly what: string
  readonly onWait?: (holder: LockHolder) => void
  readonly signal?: AbortSignal
}

export function processStart(pid: number): string | undefined
export function isHeld(holder: LockHolder): boolean
export function acquireLock(path: string, options: LockOptions): Promise<() => void>
