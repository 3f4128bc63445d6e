import { KubeApiError } from '../../../src/kube/api-error.ts'
import { type KubeClient, MERGE_PATCH } from '../../../src/kube/client.ts'
import { DEFAULT_SECRET_NAME } from '../../../src/kube/names.ts'
import { type KubeObject, namespacedPath } from '../../../src/kube/types.ts'

interface Account extends KubeObject {
  readonly imagePullSecrets?: readonly { readonly name?: string }[]
}

/** A list of pull secrets that somebody else writes to as well, and what must be in it of theirs. */
export interface SharedList {
  /** One write, repeated when another came between; `drop` takes the helper's entry out with it. */
  edit(change: (entries: string[]) => void, drop: boolean, signal: AbortSignal): Promise<void>
  /** Compares what is there with what was written. */
  check(signal: AbortSignal): Promise<Damage>
  /** Writes so far that another's forced to be repeated. */
  readonly conflicts: number
}

/** Foreign entries that are missing though nobody but the helper can have taken them out, and removed ones that came back. */
export interface Damage {
  readonly lost: number
  readonly resurrected: number
  /** The helper's own entry is in the list. */
  readonly attached: boolean
}

/** A careful writer: each write is bound to the version that was read, so only the helper can do damage. */
export function openSharedList(client: KubeClient, namespace: string, account: string): SharedList {
  const path = namespacedPath('/api/v1', namespace, 'serviceaccounts', account)
  let expected: readonly string[] = []
  const seen = new Map<'lost' | 'resurrected', Set<string>>()
  let conflicts = 0
  const read = async (signal: AbortSignal): Promise<Account> => {
    const found = await client.request<Account>({ method: 'GET', path }, signal)
    note(found)
    return found
  }
  const note = (found: Account): void => {
    const foreign = namesIn(found).filter((name) => name !== DEFAULT_SECRET_NAME)
    collect(
      'lost',
      expected.filter((name) => !foreign.includes(name)),
    )
    collect(
      'resurrected',
      foreign.filter((name) => !expected.includes(name)),
    )
  }
  const collect = (kind: 'lost' | 'resurrected', names: readonly string[]): void => {
    seen.set(kind, new Set([...(seen.get(kind) ?? []), ...names]))
  }
  return {
    get conflicts() {
      return conflicts
    },
    async edit(change, drop, signal) {
      for (;;) {
        const found = await read(signal)
        const entries = [...expected]
        change(entries)
        const ours = !drop && namesIn(found).includes(DEFAULT_SECRET_NAME) ? [DEFAULT_SECRET_NAME] : []
        const { uid, resourceVersion } = found.metadata
        const list = [...entries, ...ours].map((name) => ({ name }))
        const body = { metadata: { uid, resourceVersion }, imagePullSecrets: list }
        try {
          await client.request({ method: 'PATCH', path, body, contentType: MERGE_PATCH }, signal)
          expected = entries
          return
        } catch (error) {
          if (!(error instanceof KubeApiError && error.status === 409)) throw error
          conflicts += 1
        }
      }
    },
    async check(signal) {
      const found = await read(signal)
      return {
        lost: seen.get('lost')?.size ?? 0,
        resurrected: seen.get('resurrected')?.size ?? 0,
        attached: namesIn(found).includes(DEFAULT_SECRET_NAME),
      }
    },
  }
}

function namesIn({ imagePullSecrets = [] }: Account): string[] {
  return imagePullSecrets.map(({ name = '' }) => name)
}
