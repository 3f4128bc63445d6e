import { APPLY, type KubeCall, MERGE_PATCH, METADATA_ONLY, STRATEGIC_PATCH } from '../../kube/client.ts'
import { CONTENT_MANAGER, FIELD_MANAGER } from '../../kube/names.ts'
import { namespacedPath } from '../../kube/types.ts'
import type { CredentialGroup } from '../credentials/credential-group.ts'
import type { WriteList, WriteSecret } from '../plan/actions.ts'

// Written out: thousands of these are made in a rotation, and each part is fixed.
const BY_US = `?fieldManager=${FIELD_MANAGER}`
const FORCED = `${BY_US}&force=true`
const UNFORCED = `${BY_US}&force=false`
const CONTENT = `?fieldManager=${CONTENT_MANAGER}`
/** No object has the version before the first write of all: where one is, it is a conflict, and where none is, it is not asked for. */
const ABSENT = '"resourceVersion":"1",'

/**
 * One server-side apply or one patch. A Secret that we do not know must not be there: not another's, nor ours that a newer leader
 * created. One that we know is forced or patched, but only as the very object and version that we know
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
    // Not even our own data comes back.
    accept: METADATA_ONLY,
  }
}

/** One merge patch of the whole list, which is atomic, bound to the version that the plan saw. */
export function writeListRequest(action: WriteList, list: readonly string[]): KubeCall {
  return {
    method: 'PATCH',
    path: namespacedPath('/api/v1', action.namespace, 'serviceaccounts', action.serviceAccount) + BY_US,
    body: { metadata: action.precondition, imagePullSecrets: list.map((name) => (name === '' ? {} : { name })) },
    contentType: MERGE_PATCH,
  }
}
