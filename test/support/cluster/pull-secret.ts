import { APPLY, type KubeCall } from '../../../src/kube/client.ts'
import { FIELD_MANAGER, LABEL_INSTANCE, LABEL_MANAGED_BY, MANAGED_BY } from '../../../src/kube/names.ts'

/**
 * Returns the call with which a release's helper writes its pull Secret. `change` edits the object.
 */
export function applyPullSecret(
  namespace: string,
  instance: string,
  change: (secret: PullSecret) => void = () => {},
  name = 'acr-nopass',
): KubeCall {
  const body: PullSecret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, labels: { [LABEL_MANAGED_BY]: MANAGED_BY, [LABEL_INSTANCE]: instance } },
    type: 'kubernetes.io/dockerconfigjson',
    data: { '.dockerconfigjson': Buffer.from('{"auths":{}}').toString('base64') },
  }
  change(body)
  return {
    method: 'PATCH',
    path: `/api/v1/namespaces/${namespace}/secrets/${body.metadata.name}`,
    query: { fieldManager: FIELD_MANAGER, force: true },
    contentType: APPLY,
    body,
  }
}

export interface PullSecret {
  apiVersion: 'v1'
  kind: 'Secret'
  metadata: {
    name: string
    labels?: Record<string, string>
    annotations?: Record<string, string>
    finalizers?: string[]
    ownerReferences?: object[]
  }
  type: string
  immutable?: boolean
  data: Record<string, string>
}
