import type { ServiceAccountObject, Transforms } from '../../installation/object-views.ts'
import {
  APPLY,
  type KubeCall,
  type KubeClient,
  MERGE_PATCH,
  METADATA_ONLY,
  METADATA_ONLY_LIST,
  STRATEGIC_PATCH,
} from '../../kube/client.ts'
import { CONTENT_MANAGER, FIELD_MANAGER } from '../../kube/names.ts'
import { type KubeList, type KubeObject, namespacedPath } from '../../kube/types.ts'
import { isOlderVersion, type Versioned } from '../../kube/watch/store.ts'
import type { Caches } from '../cluster/caches.ts'
import type { CredentialGroup, CredentialGroups } from '../credentials/credential-groups.ts'
import type { WriteAction, WriteList, WriteSecret } from '../plan/actions.ts'
import { type FailureVerdict, judgeFailure, undoneWrite } from './decision-problem.ts'

export interface WriterOptions {
  readonly client: KubeClient
  readonly caches: Caches
  readonly transforms: Transforms
  readonly groups: CredentialGroups
  readonly secretName: string
}

export type WriteResult =
  /** `stored`: the object after the write. */
  | { readonly ok: true; readonly stored: Versioned }
  | { readonly ok: false; readonly error: unknown; readonly verdict: FailureVerdict }

export function createWriter(options: WriterOptions) {
  const { client, secretName, transforms } = options

  async function writeSecret(action: WriteSecret, signal: AbortSignal): Promise<Versioned> {
    const content = options.groups.byKey(action.group)
    if (content === undefined) throw new Error(`no content ${action.group}`)
    const object = await client.request<KubeObject>(writeSecretRequest(action, content, secretName), signal)
    const view = transforms.secret(object)
    options.caches.secrets.put(`${action.namespace}/${secretName}`, view)
    const { ours, intact, labelled, hash } = view
    const isNamed = view.registries.join() === content.registries.join()
    if (!ours || !intact || !labelled || !isNamed || hash !== content.hash) throw undoneWrite(action, secretName)
    return view
  }

  /** Lists by name, because the helper has no permission to `get` a ServiceAccount or a Secret. */
  function readAgain<T>(action: WriteAction, signal: AbortSignal, accept?: string): Promise<KubeList<T>> {
    const [plural, name] =
      action.kind === 'writeSecret' ? ['secrets', secretName] : ['serviceaccounts', action.serviceAccount]
    const path = namespacedPath('/api/v1', action.namespace, plural)
    const query = { fieldSelector: `metadata.name=${name}` }
    return client.request<KubeList<T>>({ method: 'GET', path, query, accept }, signal)
  }

  /** Returns the entries of an overlong list except ours. */
  async function readOtherEntries(action: WriteList, signal: AbortSignal): Promise<string[]> {
    const found = await readAgain<ServiceAccountObject>(action, signal)
    // If the list has changed meanwhile, its precondition fails the write.
    const entries = found.items?.[0]?.imagePullSecrets ?? []
    return entries.map(({ name = '' }) => name).filter((name) => name !== secretName)
  }

  async function writeList(action: WriteList, signal: AbortSignal): Promise<Versioned> {
    const list = action.list ?? (await readOtherEntries(action, signal))
    const object = await client.request<ServiceAccountObject>(writeListRequest(action, list), signal)
    const key = `${action.namespace}/${action.serviceAccount}`
    const view = transforms.serviceAccount(object)
    options.caches.serviceAccounts?.put(key, view)
    if (view.list.includes(secretName) !== (action.kind === 'attach')) throw undoneWrite(action, secretName)
    return view
  }

  return {
    /**
     * Performs one action with one request. Puts the response into the cache, so that the next plan
     * uses it. Never rejects.
     */
    async write(action: WriteAction, signal: AbortSignal): Promise<WriteResult> {
      try {
        const stored = await (action.kind === 'writeSecret' ? writeSecret(action, signal) : writeList(action, signal))
        return { ok: true, stored }
      } catch (error) {
        return { ok: false, error, verdict: judgeFailure(error) }
      }
    },
    /**
     * True if the stored object is older than the planned version (etcd was restored). The watch
     * would never replace the newer version in the cache.
     */
    async isRewound(action: WriteAction, signal: AbortSignal): Promise<boolean> {
      const { resourceVersion } = action.precondition ?? {}
      if (resourceVersion === undefined) return false
      try {
        const { metadata, items } = await readAgain<KubeObject>(action, signal, METADATA_ONLY_LIST)
        return isOlderVersion((items?.[0]?.metadata ?? metadata).resourceVersion, resourceVersion)
      } catch {
        return false
      }
    },
  }
}

// Constant strings, because a rotation makes thousands of requests.
const BY_US = `?fieldManager=${FIELD_MANAGER}`
/**
 * By default the API server parses an apply a second time to find unknown fields
 * (docs/en/decisions.md#content-patch).
 */
const APPLIED = `${BY_US}&fieldValidation=Ignore`
const FORCED = `${APPLIED}&force=true`
const UNFORCED = `${APPLIED}&force=false`
const CONTENT = `?fieldManager=${CONTENT_MANAGER}`
/** A version that no object has: an existing object conflicts with it, and a create ignores it. */
const ABSENT = '"resourceVersion":"1",'

/**
 * Builds one server-side apply or one patch. If the Secret is not in the cache, the request fails
 * when it exists: another client or a newer leader may have created it. If the Secret is in the
 * cache, the request is forced, but only for the known UID and resourceVersion
 * (docs/en/decisions.md#preconditions).
 */
export function writeSecretRequest(action: WriteSecret, group: CredentialGroup, secretName: string): KubeCall {
  const { precondition, by } = action
  const [before, after] = group.bodies[by]
  const known = precondition ? `${JSON.stringify(precondition).slice(1, -1)},` : ABSENT
  const path = namespacedPath('/api/v1', action.namespace, 'secrets', secretName)
  return {
    method: 'PATCH',
    path: path + (by === 'patch' ? CONTENT : precondition ? FORCED : UNFORCED),
    body: Buffer.concat([before, Buffer.from(known), after]),
    contentType: by === 'patch' ? STRATEGIC_PATCH : APPLY,
    // The response has no data, not even our own.
    accept: METADATA_ONLY,
  }
}

/**
 * Builds one merge patch that replaces the whole list, because the list is atomic. The planned
 * version is its precondition.
 */
export function writeListRequest(action: WriteList, list: readonly string[]): KubeCall {
  return {
    method: 'PATCH',
    path: namespacedPath('/api/v1', action.namespace, 'serviceaccounts', action.serviceAccount) + BY_US,
    body: { metadata: action.precondition, imagePullSecrets: list.map((name) => (name === '' ? {} : { name })) },
    contentType: MERGE_PATCH,
  }
}
