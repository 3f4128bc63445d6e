import type { Bed } from './bed.ts'
import type { Attach } from './contender.ts'
import { createNamespace } from './namespaces.ts'
import { type Seen, usableAt } from './observer.ts'

/** Milliseconds until each of some namespaces was ready. */
export interface SingleTimes {
  /** After its ServiceAccount existed. */
  readonly account: readonly number[]
  /** After the namespace existed. */
  readonly namespace: readonly number[]
  /** After it was requested. */
  readonly asked: readonly number[]
}

const LIMIT_MS = 60_000

/** Makes namespaces one after the other, each when the one before is ready: usable, or with `admission` has its Secret. */
export async function measureSingles(
  bed: Bed,
  names: readonly string[],
  attach: Attach,
  tell: (text: string) => void,
  signal: AbortSignal,
): Promise<SingleTimes> {
  const times = { account: [] as number[], namespace: [] as number[], asked: [] as number[] }
  const readyAt = (one: Seen): number | undefined => (attach === 'admission' ? one.secretAt : usableAt(one))
  for (const [index, name] of names.entries()) {
    if (index % 10 === 0) tell(`${index} of ${names.length} namespaces, one at a time`)
    const asked = performance.now()
    await createNamespace(bed.admin, name, signal)
    const seen = bed.observer.of(name)
    const isReady = (): boolean => readyAt(seen) !== undefined && seen.namespaceAt !== undefined
    await bed.observer.until(`${name} was ready`, isReady, LIMIT_MS, signal)
    const ready = readyAt(seen) ?? Number.NaN
    times.account.push(ready - (seen.accountAt ?? Number.NaN))
    times.namespace.push(ready - (seen.namespaceAt ?? Number.NaN))
    times.asked.push(ready - asked)
  }
  return times
}
