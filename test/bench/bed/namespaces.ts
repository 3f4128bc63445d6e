import { setTimeout as sleep } from 'node:timers/promises'
import type { KubeClient } from '../../../src/kube/client.ts'

/** `prefix-0` … */
export function namesOf(prefix: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}-${index}`)
}

export async function createNamespace(admin: KubeClient, name: string, signal: AbortSignal): Promise<void> {
  await admin.request({ method: 'POST', path: '/api/v1/namespaces', body: { metadata: { name } } }, signal)
}

/** As fast as eight at a time go. */
export async function createNamespaces(
  admin: KubeClient,
  names: readonly string[],
  onCount: (count: number) => void,
  signal: AbortSignal,
): Promise<void> {
  let next = 0
  const work = async (): Promise<void> => {
    for (let name = names[next++]; name !== undefined; name = names[next++]) {
      await createNamespace(admin, name, signal)
      onCount(next)
    }
  }
  await Promise.all(Array.from({ length: 8 }, work))
}

/** One every `1 / perSecond`, whether or not the ones before were answered. Returns when each was asked for. */
export async function createAtRate(
  admin: KubeClient,
  names: readonly string[],
  perSecond: number,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, number>> {
  const begin = performance.now()
  const asked = new Map<string, number>()
  const calls: Promise<void>[] = []
  for (const [index, name] of names.entries()) {
    const wait = begin + (index * 1000) / perSecond - performance.now()
    if (wait > 0) await sleep(wait, undefined, { signal })
    asked.set(name, performance.now())
    calls.push(createNamespace(admin, name, signal))
  }
  await Promise.all(calls)
  return asked
}
