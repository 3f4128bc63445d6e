import type { Cloud } from '../../../sandbox/cloud/start-cloud.ts'
import { buildDockerConfig } from '../../../src/acr/docker-config.ts'
import { createTokenSource } from '../../../src/acr/token-source.ts'
import { createIdentity } from '../../../src/alibaba/identities/identity.ts'
import { createDefaultTransport } from '../../../src/alibaba/transport/cloud-transport.ts'
import { createEndpoints } from '../../../src/alibaba/transport/endpoints.ts'
import { type KubeClient, MERGE_PATCH } from '../../../src/kube/client.ts'

export interface OldLogin {
  readonly username: string
  readonly password: string
}

const REFUSE = async (): Promise<string> => {
  throw new Error('there is no file with a login')
}

/**
 * Gets a login as the old helper does: with the node's role, for the Personal Edition or an
 * instance.
 */
export async function oldLogin(
  cloud: Cloud,
  role: string,
  instance?: { id: string; region: string },
): Promise<OldLogin> {
  const endpoints = createEndpoints({ overrides: { cr: cloud.endpoints.cr, imds: await cloud.imdsFor(role) } })
  const deps = {
    transport: createDefaultTransport(),
    endpoints,
    region: '',
    readText: REFUSE,
    accessKeyDir: '',
    sessionName: 'old',
  }
  const base = { name: 'old', network: 'all', apiNetwork: 'auto', expiresInHours: null, limit: 'role' } as const
  const lists = { domains: [], assumeRole: [] }
  const registry = instance
    ? { ...base, ...lists, edition: 'enterprise' as const, instanceId: instance.id, region: instance.region }
    : { ...base, ...lists, edition: 'personal' as const, region: 'cn-shanghai' }
  const source = createTokenSource(registry, {
    ...deps,
    identity: (chain) => createIdentity({ type: 'worker-role' }, chain, deps),
    identityConfig: { type: 'worker-role' },
    secretsDir: '',
  })
  const { username, password } = await source.get()
  return { username, password }
}

/**
 * Writes a Secret of the old helper, with one login for these domains. The old helper writes the
 * Secret again before the login expires.
 */
export async function oldSecret(
  admin: KubeClient,
  namespace: string,
  name: string,
  logins: readonly (OldLogin & { readonly domains: readonly string[] })[],
): Promise<void> {
  const content = Buffer.from(buildDockerConfig(logins, 'full')).toString('base64')
  const path = `/api/v1/namespaces/${namespace}/secrets`
  const data = { '.dockerconfigjson': content }
  const body = { metadata: { name }, type: 'kubernetes.io/dockerconfigjson', data }
  await admin.request({ method: 'POST', path, body }).catch((error: { status?: number }) => {
    if (error.status !== 409) throw error
    return admin.request({ method: 'PATCH', path: `${path}/${name}`, body: { data }, contentType: MERGE_PATCH })
  })
}

/** Appends the old helper's entries to a ServiceAccount's list. */
export async function attachOld(
  admin: KubeClient,
  namespace: string,
  account: string,
  names: readonly string[],
): Promise<void> {
  const body = { imagePullSecrets: names.map((name) => ({ name })) }
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${account}`
  await admin.request({ method: 'PATCH', path, body, contentType: MERGE_PATCH })
}

const HELPER = 'aliyun-acr-credential-helper'
const RBAC = '/apis/rbac.authorization.k8s.io/v1'

/**
 * Creates ServiceAccount, binding and Deployment as in the document of 2018-10, with API versions
 * that still exist.
 */
export async function oldHelper(
  admin: KubeClient,
  role: 'cluster-admin' | typeof HELPER,
  image: string,
  replicas = 1,
): Promise<void> {
  const post = (path: string, body: object): Promise<unknown> => admin.request({ method: 'POST', path, body })
  await post('/api/v1/namespaces/kube-system/serviceaccounts', { metadata: { name: HELPER } })
  if (role === HELPER) await post(`${RBAC}/clusterroles`, { metadata: { name: HELPER }, rules: [] })
  await post(`${RBAC}/clusterrolebindings`, {
    metadata: { name: role === HELPER ? HELPER : `${HELPER}-rolebinding` },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
    subjects: [{ kind: 'ServiceAccount', name: HELPER, namespace: 'kube-system' }],
  })
  const labels = { app: HELPER }
  const container = { name: HELPER, image }
  await post('/apis/apps/v1/namespaces/kube-system/deployments', {
    metadata: { name: HELPER, labels },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { serviceAccountName: HELPER, terminationGracePeriodSeconds: 0, containers: [container] },
      },
    },
  })
}
