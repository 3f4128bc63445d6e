import { type KubeClient, METADATA_ONLY_LIST } from '../../kube/client.ts'
import { type KubeList, type KubeObject, namespacedPath } from '../../kube/types.ts'
import { isOlder } from '../../kube/watch/store.ts'
import type { Clock } from '../../lib/clock.ts'
import type { ServiceAccountObject, Trimmers } from '../../release/views.ts'
import type { Caches } from '../cluster/caches.ts'
import type { CredentialGroups } from '../credentials/credential-groups.ts'
import type { WriteAction, WriteList } from '../plan/actions.ts'
import { type FailureVerdict, judgeFailure } from './write-failure.ts'
import { writeListRequest, writeSecretRequest } from './write-request.ts'

export interface WriterOptions {
  readonly client: KubeClient
  readonly clock: Clock
  readonly caches: () => Caches
  readonly trimmers: Trimmers
  readonly groups: CredentialGroups
  readonly secretName: string
}

/** `ok`, or what the failure means. */
export type WriteResult =
  | { readonly ok: true; readonly milliseconds: number }
  | { readonly ok: false; readonly error: unknown; readonly verdict: FailureVerdict }

export interface Writer {
  /** Performs one action by one request, and puts the answer into the cache, so that the next plan knows of it. */
  write(action: WriteAction, signal: AbortSignal): Promise<WriteResult>
  /** Whether the object is older than the version that the action was planned for: no news would replace what is known. */
  isRewound(action: WriteAction, signal: AbortSignal): Promise<boolean>
}

export function createWriter(options: WriterOptions): Writer {
  const { client, clock, secretName, trimmers } = options

  async function writeSecret(action: WriteAction & { kind: 'writeSecret' }, signal: AbortSignal): Promise<void> {
    const group = options.groups.byKey(action.group)
    if (group === undefined) throw new Error(`no content ${action.group}`)
    const object = await client.request<KubeObject>(writeSecretRequest(action, group, secretName), signal)
    options.caches().secrets.put(`${action.namespace}/${secretName}`, trimmers.secret(object))
  }

  /** Listed by name: the helper has no right to `get` a ServiceAccount or a Secret. */
  function readAgain<T>(action: WriteAction, signal: AbortSignal, accept?: string): Promise<KubeList<T>> {
    const [plural, name] =
      action.kind === 'writeSecret' ? ['secrets', secretName] : ['serviceaccounts', action.serviceAccount]
    const path = namespacedPath('/api/v1', action.namespace, plural)
    const query = { fieldSelector: `metadata.name=${name}` }
    return client.request<KubeList<T>>({ method: 'GET', path, query, ...(accept && { accept }) }, signal)
  }

  /** The entries of an overlong list but ours. */
  async function readOtherEntries(action: WriteList, signal: AbortSignal): Promise<string[]> {
    const found = await readAgain<ServiceAccountObject>(action, signal)
    // If it changed meanwhile, the precondition of the write refuses it.
    const entries = found.items?.[0]?.imagePullSecrets ?? []
    return entries.map(({ name = '' }) => name).filter((name) => name !== secretName)
  }

  async function writeList(action: Exclude<WriteAction, { kind: 'writeSecret' }>, signal: AbortSignal): Promise<void> {
    const list = action.list ?? (await readOtherEntries(action, signal))
    const object = await client.request<ServiceAccountObject>(writeListRequest(action, list), signal)
    const key = `${action.namespace}/${action.serviceAccount}`
    options.caches().serviceAccounts?.put(key, trimmers.serviceAccount(object))
  }

  return {
    async write(action, signal) {
      const begin = clock.monotonic()
      try {
        await (action.kind === 'writeSecret' ? writeSecret(action, signal) : writeList(action, signal))
        return { ok: true, milliseconds: clock.monotonic() - begin }
      } catch (error) {
        return { ok: false, error, verdict: judgeFailure(error) }
      }
    },
    async isRewound(action, signal) {
      const { resourceVersion } = action.precondition ?? {}
      if (resourceVersion === undefined) return false
      try {
        const { metadata, items } = await readAgain<KubeObject>(action, signal, METADATA_ONLY_LIST)
        return isOlder((items?.[0]?.metadata ?? metadata).resourceVersion, resourceVersion)
      } catch {
        return false
      }
    },
  }
}
