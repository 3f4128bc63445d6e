import { mkdirSync } from 'node:fs'
import { NopassError } from '../../errors.ts'
import type { Clock } from '../../lib/clock.ts'
import { type LockHolder, withFileLock } from '../../lib/file-lock.ts'
import { configFileOf, removeDrafts } from './config-file.ts'
import { ledgerFileOf } from './ledger.ts'

const LOCK_WAIT_MS = 60_000

export interface DockerConfigDeps {
  readonly pid: number
  readonly clock: Clock
  /** The environment of the job: for DOCKER_AUTH_CONFIG, and for credential helpers. */
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly signal?: AbortSignal | undefined
}

/**
 * Runs `work` while no other job of acr-nopass changes the Docker configuration.
 * @throws DOCKER_CONFIG_LOCKED, DOCKER_CONFIG_UNWRITABLE
 */
export async function withConfigLock<T>(folder: string, deps: DockerConfigDeps, work: () => Promise<T>): Promise<T> {
  const lock = `${ledgerFileOf(folder)}.lock`
  const refuse = ({ pid, host }: LockHolder): NopassError =>
    new NopassError('DOCKER_CONFIG_LOCKED', `${lock} is held by process ${pid} of ${host}`)
  const { pid, clock, signal } = deps
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    return await withFileLock(lock, { pid, clock, signal, waitMs: LOCK_WAIT_MS, refuse }, () => {
      for (const file of [configFileOf(folder), ledgerFileOf(folder)]) removeDrafts(file)
      return work()
    })
  } catch (cause) {
    const { code, syscall } = cause as NodeJS.ErrnoException
    if (syscall === undefined) throw cause
    throw new NopassError('DOCKER_CONFIG_UNWRITABLE', `nothing can be written to ${folder}`, { cause, reason: code })
  }
}
