import { setTimeout as sleep } from 'node:timers/promises'
import { type KubeClient, METADATA_ONLY } from '../../../src/kube/client.ts'
import type { KubeObject } from '../../../src/kube/types.ts'
import type { WatchEvent } from '../../../src/kube/watch/watch-stream.ts'

/** What was seen of one namespace from outside; times in ms on the monotonic clock. */
export interface Seen {
  readonly name: string
  namespaceAt?: number
  /** Its ServiceAccount `default` exists. */
  accountAt?: number
  /** That names the pull secret. */
  attachedAt?: number
  /** The last change of the pull secret's content. */
  secretAt?: number
  /** Equal for equal contents. */
  content?: string
  uid?: string
  /** How often the pull secret became another object. */
  replaced: number
  goneAt?: number
  /** How long it was gone, in all. */
  withoutMs: number
}

/** Watches the cluster as an outsider. */
export interface Observer {
  /** What was seen of a namespace so far. */
  of(namespace: string): Seen
  /** Namespaces whose name begins so. */
  all(prefix: string): readonly Seen[]
  /** Until the answer is true; it is asked again after each event. Throws after `limitMs` with what was waited for. */
  until(what: string, question: () => boolean, limitMs: number, signal: AbortSignal): Promise<void>
  stop(): Promise<void>
}

interface PullSecret extends KubeObject {
  readonly data?: Readonly<Record<string, string>>
}

interface Account extends KubeObject {
  readonly imagePullSecrets?: readonly { readonly name?: string }[]
}

export function startObserver(admin: KubeClient, secretName: string): Observer {
  const end = new AbortController()
  const seen = new Map<string, Seen>()
  const listeners = new Set<() => void>()
  const of = (name: string): Seen => {
    const known = seen.get(name) ?? { name, replaced: 0, withoutMs: 0 }
    seen.set(name, known)
    return known
  }

  async function watch<T extends KubeObject>(
    resource: string,
    options: { readonly name?: string; readonly accept?: string },
    onEvent: (type: WatchEvent<T>['type'], object: T) => void,
  ): Promise<void> {
    const { name, accept } = options
    const query = { timeoutSeconds: 7200, fieldSelector: name === undefined ? undefined : `metadata.name=${name}` }
    while (!end.signal.aborted) {
      const path = `/api/v1/${resource}`
      const call = { path, query, ...(accept === undefined ? {} : { accept }) }
      const heard = ({ type, object }: WatchEvent<T>): void => {
        if (type === 'ERROR' || type === 'BOOKMARK') return
        onEvent(type, object)
        for (const listener of listeners) listener()
      }
      // A broken one starts again with all that exists: nothing is missed, only seen later.
      await admin.watch<T>(call, heard, end.signal).catch(() => undefined)
      await sleep(50, undefined, { signal: end.signal }).catch(() => undefined)
    }
  }

  const watches = [
    watch<KubeObject>('namespaces', { accept: METADATA_ONLY }, (_type, { metadata }) => {
      of(metadata.name).namespaceAt ??= performance.now()
    }),
    watch<PullSecret>('secrets', { name: secretName }, (type, { metadata, data }) => {
      noteSecret(of(metadata.namespace ?? ''), type === 'DELETED' ? undefined : metadata.uid, data)
    }),
    watch<Account>('serviceaccounts', { name: 'default' }, (_type, { metadata, imagePullSecrets = [] }) => {
      const one = of(metadata.namespace ?? '')
      one.accountAt ??= performance.now()
      if (imagePullSecrets.some(({ name }) => name === secretName)) one.attachedAt ??= performance.now()
    }),
  ]

  return {
    of,
    all: (prefix) => [...seen.values()].filter(({ name }) => name.startsWith(prefix)),
    until(what, question, limitMs, signal) {
      return waitFor(what, question, limitMs, listeners, signal)
    },
    async stop() {
      end.abort()
      await Promise.all(watches)
    },
  }
}

function noteSecret(one: Seen, uid: string | undefined, data: PullSecret['data']): void {
  const now = performance.now()
  if (uid === undefined) {
    one.goneAt ??= now
    return
  }
  if (one.goneAt !== undefined) one.withoutMs += now - one.goneAt
  delete one.goneAt
  if (one.uid !== undefined && one.uid !== uid) one.replaced += 1
  one.uid = uid
  const content = data?.['.dockerconfigjson'] ?? ''
  if (content === one.content) return
  one.content = content
  one.secretAt = now
}

/** Asked again at most every 2 ms: what is measured are the times of the events. */
function waitFor(
  what: string,
  question: () => boolean,
  limitMs: number,
  listeners: Set<() => void>,
  signal: AbortSignal,
): Promise<void> {
  if (question()) return Promise.resolve()
  return new Promise((resolve, reject) => {
    let asking: NodeJS.Timeout | undefined
    const settle = (act: () => void): void => {
      clearTimeout(limit)
      clearTimeout(asking)
      listeners.delete(onEvent)
      signal.removeEventListener('abort', onAbort)
      act()
    }
    const onEvent = (): void => {
      asking ??= setTimeout(() => {
        asking = undefined
        if (question()) settle(resolve)
      }, 2)
    }
    const onAbort = (): void => settle(() => reject(signal.reason))
    const limit = setTimeout(
      () => settle(() => reject(new Error(`within ${Math.round(limitMs / 1000)} s it was not so that ${what}`))),
      limitMs,
    )
    listeners.add(onEvent)
    signal.addEventListener('abort', onAbort, { once: true })
  })
}

/** When it had both the Secret and the reference; undefined before. */
export function usableAt({ attachedAt, secretAt }: Seen): number | undefined {
  return attachedAt === undefined || secretAt === undefined ? undefined : Math.max(attachedAt, secretAt)
}
