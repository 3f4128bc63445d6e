import fc from 'fast-check'
import { type KubeClient, MERGE_PATCH } from '../../src/kube/client.ts'
import { names, SECRET, type ServiceAccount } from './helper-cluster.ts'

/**
 * A change that another writer makes to a list. `drop` writes the list without the helper's entry,
 * like a tool with a fixed list.
 */
type Change =
  | { readonly kind: 'append' | 'prepend' | 'remove' | 'drop'; readonly pick: number }
  | { readonly kind: 'json-append' }

/** A writer's change takes two steps: it reads, then it writes the result of that read. */
interface Step {
  readonly writer: number
  readonly change: Change
}

/**
 * A case: which writer makes which change, in which order the reads and writes of all writers run,
 * and how slow the helper's writes are.
 */
export interface WriterCase {
  readonly steps: readonly Step[]
  readonly helperDelayMs: number
}

export function writerCases(writers: number): fc.Arbitrary<WriterCase> {
  const pick = fc.nat({ max: 9 })
  const change: fc.Arbitrary<Change> = fc.oneof(
    { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('append', 'prepend', 'remove'), pick }) },
    { weight: 1, arbitrary: fc.constant({ kind: 'json-append' } as const) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('drop' as const), pick }) },
  )
  const step = fc.record({ writer: fc.nat({ max: writers - 1 }), change })
  return fc.record({ steps: fc.array(step, { minLength: 4, maxLength: 14 }), helperDelayMs: fc.nat({ max: 25 }) })
}

const JSON_PATCH = 'application/json-patch+json'

/**
 * Three removals would count as a conflict, after which the helper waits a minute between two
 * attempts.
 */
const DROPS = 2

/**
 * Performs a case on a ServiceAccount. Returns the entries of other clients that the case leaves. A
 * writer's first turn reads, and its next turn writes the result, so that the reads and writes of
 * all writers overlap in every way. After a conflict a writer reads again.
 */
export async function performCase(
  client: KubeClient,
  path: string,
  { steps }: WriterCase,
  onWritten: (resourceVersion: string) => void,
): Promise<string[]> {
  const started = new Map<number, { readonly change: Change; readonly account: ServiceAccount }>()
  let theirs = foreign(await read())
  let drops = 0
  let entry = 0

  function read(): Promise<ServiceAccount> {
    return client.request<ServiceAccount>({ method: 'GET', path })
  }
  async function write(change: Change, account: ServiceAccount): Promise<void> {
    entry += 1
    const name = `theirs-${entry}`
    const written =
      change.kind === 'json-append' ? await appendByJson(name, account) : await merge(change, name, account)
    onWritten(written.metadata.resourceVersion)
    theirs = foreign(written)
  }
  async function merge(change: Exclude<Change, { kind: 'json-append' }>, name: string, account: ServiceAccount) {
    for (let latest = account; ; latest = await read()) {
      const { uid, resourceVersion } = latest.metadata
      const list = changed(names(latest), change, name)
      const body = { metadata: { uid, resourceVersion }, imagePullSecrets: list.map((one) => ({ name: one })) }
      try {
        return await client.request<ServiceAccount>({ method: 'PATCH', path, contentType: MERGE_PATCH, body })
      } catch (error) {
        if ((error as { status?: number }).status !== 409) throw error
      }
    }
  }
  /** Appends on the server without a read, like `kubectl patch --type=json`. */
  async function appendByJson(name: string, account: ServiceAccount): Promise<ServiceAccount> {
    const append = { kind: 'append', pick: 0 } as const
    if (account.imagePullSecrets === undefined) return merge(append, name, account)
    const body = JSON.stringify([{ op: 'add', path: '/imagePullSecrets/-', value: { name } }])
    try {
      return await client.request<ServiceAccount>({ method: 'PATCH', path, contentType: JSON_PATCH, body })
    } catch (error) {
      // Another writer has emptied the list since it was read, so there is no list to append to.
      if ((error as { status?: number }).status !== 422) throw error
      return merge(append, name, await read())
    }
  }

  for (const { writer, change } of steps) {
    const pending = started.get(writer)
    started.delete(writer)
    if (pending) await write(pending.change, pending.account)
    else if (change.kind !== 'drop' || drops < DROPS) {
      if (change.kind === 'drop') drops += 1
      started.set(writer, { change, account: await read() })
    }
  }
  for (const { change, account } of started.values()) await write(change, account)
  return theirs
}

const foreign = (account: ServiceAccount): string[] => names(account).filter((name) => name !== SECRET)

function changed(list: readonly string[], { kind, pick }: { kind: string; pick: number }, name: string): string[] {
  if (kind === 'append') return [...list, name]
  if (kind === 'prepend') return [name, ...list]
  if (kind === 'drop') return list.filter((one) => one !== SECRET)
  const others = list.filter((one) => one !== SECRET)
  const removed = others[pick % Math.max(1, others.length)]
  return list.filter((one) => one !== removed)
}
