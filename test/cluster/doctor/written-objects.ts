import { APPLY, type KubeCall, type KubeClient, MERGE_PATCH } from '../../../src/kube/client.ts'
import {
  ANNOTATION_CONTENT_HASH,
  ANNOTATION_EXPIRES_AT,
  ANNOTATION_REGISTRIES,
  FIELD_MANAGER,
} from '../../../src/kube/names.ts'
import { applyPullSecret } from '../../support/cluster/pull-secret.ts'

export const HOST = 'demo-registry.cn-hangzhou.cr.aliyuncs.com'
export const IMAGE: string = `${HOST}/team/app:1`
/** A part of the content of every Secret. Output that contains it has leaked a Secret. */
export const MARKER = 'U0VDUkVULU1BUktFUg=='

/** An ISO time that is the given number of minutes from now. */
export const soon = (minutes: number): string => new Date(Date.now() + minutes * 60_000).toISOString()

/** The pull secret that a helper would write. */
export function pullSecret(namespace: string): ReturnType<typeof applyPullSecret> {
  return applyPullSecret(namespace, 'acr-nopass.acr-nopass', ({ metadata, data }) => {
    metadata.annotations = {
      [ANNOTATION_REGISTRIES]: 'demo',
      [ANNOTATION_EXPIRES_AT]: soon(40),
      [ANNOTATION_CONTENT_HASH]: 'h',
    }
    const login = { auths: { [HOST]: { auth: MARKER } } }
    data['.dockerconfigjson'] = Buffer.from(JSON.stringify(login)).toString('base64')
  })
}

/** Another client's Secret with our name. */
export function foreignSecret(namespace: string): KubeCall {
  const body = { metadata: { name: 'acr-nopass' }, type: 'Opaque', data: { key: MARKER } }
  return { method: 'POST', path: `/api/v1/namespaces/${namespace}/secrets`, body }
}

/** A list of references. */
export const entries = (...names: string[]): object => ({ imagePullSecrets: names.map((name) => ({ name })) })

/** A write of a ServiceAccount in the helper's form, without the body. */
export function attachment(namespace: string, name: string): KubeCall {
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${name}`
  return { method: 'PATCH', path, query: { fieldManager: FIELD_MANAGER }, contentType: MERGE_PATCH }
}

export async function attach(admin: KubeClient, namespace: string): Promise<void> {
  await admin.request({ ...attachment(namespace, 'default'), body: entries('acr-nopass') })
}

/** A server-side apply like that of Argo CD or Helm 4. */
export async function applyList(admin: KubeClient, namespace: string): Promise<void> {
  await admin.request({
    method: 'PATCH',
    path: `/api/v1/namespaces/${namespace}/serviceaccounts/default`,
    query: { fieldManager: 'argocd', force: true },
    contentType: APPLY,
    body: { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default' }, ...entries('theirs') },
  })
}

/**
 * Creates a Pod whose node reports that it cannot pull. No node is running, so the status does not
 * change.
 */
export async function stuck(
  admin: KubeClient,
  namespace: string,
  name: string,
  spec: object,
  detail = '',
  image: string = IMAGE,
): Promise<void> {
  const path = `/api/v1/namespaces/${namespace}/pods`
  const body = { metadata: { name }, spec: { containers: [{ name: 'app', image }], ...spec } }
  await admin.request({ method: 'POST', path, body })
  const waiting = { reason: 'ImagePullBackOff', message: `Back-off pulling image "${image}": ErrImagePull: ${detail}` }
  const containerStatuses = [{ name: 'app', image, imageID: '', ready: false, restartCount: 0, state: { waiting } }]
  await admin.request({
    method: 'PATCH',
    path: `${path}/${name}/status`,
    contentType: MERGE_PATCH,
    body: { status: { phase: 'Pending', containerStatuses } },
  })
}
