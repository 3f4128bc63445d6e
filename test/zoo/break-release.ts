import { MERGE_PATCH } from '../../src/kube/client.ts'
import type { Rendered, ZooCluster } from './cluster.ts'
import type { Defect } from './defects.ts'
import { SECRET } from './draw-zoo.ts'
import { listAt, type ZooObject } from './kinds.ts'

/**
 * Breaks a release in one way. Returns the place, or undefined if this zoo has nothing that can
 * break in that way.
 */
export async function breakRelease(
  zoo: ZooCluster,
  release: Rendered,
  defect: Defect,
  where: {
    /** ServiceAccounts with the helper's entry, `namespace/name`. */
    readonly attached: readonly string[]
    /** Namespaces that the release serves. */
    readonly served: readonly string[]
  },
): Promise<string | undefined> {
  const { namespace, fullname } = release
  const find = (kind: string, has: (object: ZooObject) => boolean = () => true): string =>
    release.objects.find(({ body }) => body.kind === kind && has(body))?.path ?? ''
  const isOfTarget = ({ metadata }: ZooObject): boolean => metadata.namespace === where.served.toSorted()[0]
  const remove = async (path: string): Promise<string> => {
    if (path === '') throw new Error(`the release has nothing for ${defect}`)
    await zoo.remove(path)
    return path
  }
  const patch = async (path: string, body: object, fieldManager = 'kubectl-edit'): Promise<string> => {
    await zoo.call({ method: 'PATCH', path, body, contentType: MERGE_PATCH, query: { fieldManager } })
    return path
  }
  const deployment = `/apis/apps/v1/namespaces/${namespace}/deployments/${fullname}`
  const key = where.attached.find((one) => one.endsWith('/builder'))
  const secret = `/api/v1/namespaces/${where.served.toSorted()[0]}/secrets/${SECRET}`
  switch (defect) {
    case 'no-lease':
      return await remove(find('Lease'))
    case 'stale-lease': {
      const path = find('Lease')
      const old = new Date(Date.now() - 10 * 60_000)
      await patch(
        path,
        { spec: { holderIdentity: 'acr-nopass-0_x', renewTime: old.toISOString().replace('Z', '000Z') } },
        'acr-nopass',
      )
      // Removes the record of the write, as after a restore. With the API server's record, the
      // Secret would be current.
      return await patch(path, { metadata: { managedFields: [{}] } })
    }
    case 'no-guard':
      return await remove(find('ValidatingAdmissionPolicyBinding'))
    case 'no-role': {
      const path = await remove(find('ClusterRoleBinding') || find('RoleBinding', isOfTarget))
      await zoo.untilGranted(release, where.served.toSorted()[0] ?? '', false)
      return path
    }
    case 'no-deployment':
      return await remove(deployment)
    case 'scaled-down': {
      await patch(deployment, { spec: { replicas: 0 } })
      await zoo.settleDeployment(release)
      return deployment
    }
    case 'not-ready': {
      const body = { status: { availableReplicas: 0, readyReplicas: 0, replicas: 1 } }
      await patch(`${deployment}/status`, body)
      return deployment
    }
    case 'no-report':
      return await remove(`/api/v1/namespaces/${namespace}/configmaps/${fullname}-status`)
    case 'bad-config':
      return await patch(
        find('ConfigMap', ({ data }) => JSON.stringify(data ?? {}).includes('config.yaml')),
        {
          data: { 'config.yaml': 'registries: [' },
        },
      )
    case 'no-secret':
      return await remove(secret)
    case 'foreign-secret': {
      await remove(secret)
      const body = { metadata: { name: SECRET }, stringData: { own: 'data' } }
      await zoo.call({ method: 'POST', path: secret.replace(/\/[^/]+$/, ''), body })
      return secret
    }
    case 'changed-secret': {
      const content = Buffer.from('{"auths":{}}').toString('base64')
      return await patch(secret, { data: { '.dockerconfigjson': content } })
    }
    case 'expired-secret': {
      const ended = new Date(Date.now() - 10 * 60_000).toISOString().replace(/\.\d+Z$/, 'Z')
      const body = { metadata: { annotations: { 'acr-nopass.io/expires-at': ended } } }
      return await patch(secret, body, 'acr-nopass-content')
    }
    case 'no-entry': {
      if (key === undefined) return undefined
      const path = `/api/v1/namespaces/${key.replace('/', '/serviceaccounts/')}`
      const rest = listAt(await zoo.read(path), ['imagePullSecrets']).filter(({ name }) => name !== SECRET)
      return await patch(path, { imagePullSecrets: rest })
    }
    case 'no-policy':
      return zoo.canAdmit ? await remove(find('MutatingAdmissionPolicyBinding')) : undefined
  }
}
