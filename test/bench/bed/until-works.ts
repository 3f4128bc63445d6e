import { setTimeout as sleep } from 'node:timers/promises'
import { type Bed, HOME } from './bed.ts'

/** What a helper writes at its start is behind it after so long. */
const QUIET_MS = 2_000

/** Until the helper has written its own copy with a login that works, and has become quiet. */
export async function untilHelperWorks(bed: Bed, signal: AbortSignal): Promise<void> {
  const home = bed.observer.of(HOME)
  await bed.observer.until('the helper had written its first Secret', () => !!home.secretAt, 60_000, signal)
  await sleep(QUIET_MS, undefined, { signal })
  await checkLogin(bed, HOME)
}

/** @throws Error when the registry refuses what is in this namespace's Secret */
export async function checkLogin(bed: Bed, namespace: string): Promise<void> {
  const { content } = bed.observer.of(namespace)
  if (content === undefined || !(await bed.cloud.accepts(content))) {
    throw new Error(`the registry refuses the login in the Secret of ${namespace}`)
  }
}
