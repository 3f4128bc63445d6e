import { STATUS_KEY } from '../../../src/installation/helper-status.ts'
import { loadConfig } from '../../../src/installation/load-config.ts'
import type { HelperConfig } from '../../../src/values/generated/helper-config.ts'
import { config } from '../../helper/plan-fixtures.ts'
import type { FakeObject } from '../../support/fake-api-server.ts'
import { AGGREGATION } from '../import/recipe-2018.ts'

export const MINUTE = 60_000
export const HOST = 'prod-registry.cn-hangzhou.cr.aliyuncs.com'
export const PASSWORD = 'password-of-the-old-login'
export const labels = { 'app.kubernetes.io/name': 'acr-nopass', 'app.kubernetes.io/instance': 'r' }
export const object = (kind: string, namespace: string | undefined, name: string, rest: object = {}): FakeObject => {
  const { metadata = {}, ...more } = rest as { readonly metadata?: object }
  const apiVersion = kind === 'Deployment' ? 'apps/v1' : 'v1'
  return {
    apiVersion,
    kind,
    metadata: { ...(namespace === undefined ? {} : { namespace }), name, ...metadata },
    ...more,
  }
}

/** The old helper's Secret in namespace shop with a temporary login for these hosts. */
export function oldSecret(hosts: readonly string[], metadata: object = {}, username = 'cr_temp_user'): FakeObject {
  const auth = Buffer.from(`${username}:${PASSWORD}`).toString('base64')
  const text = JSON.stringify({ auths: Object.fromEntries(hosts.map((host) => [host, { auth }])) })
  return object('Secret', 'shop', AGGREGATION, {
    metadata,
    type: 'kubernetes.io/dockerconfigjson',
    data: { '.dockerconfigjson': Buffer.from(text).toString('base64') },
  })
}

/**
 * The old helper's Secret and ours in namespace shop, with all Pods switched. Our Secret expires
 * `endsInMs` after this machine's time.
 */
export function switched(
  endsInMs: number,
  change: Partial<HelperConfig> = {},
  domains: readonly string[] = [HOST],
): readonly FakeObject[] {
  const settings = config({ targets: { namespaces: { include: ['shop'] } }, ...change })
  const at = new Date(Date.now() + endsInMs).toISOString()
  const status = {
    version: '0.1.0',
    updatedAt: at,
    leader: 'x',
    configHash: loadConfig(JSON.stringify(settings)).hash,
    secretName: 'acr-nopass',
    attach: 'serviceAccounts',
    retired: false,
    registries: [
      {
        name: 'prod',
        edition: 'enterprise',
        fingerprint: 'f',
        domains,
        state: 'live',
        verified: 'accepted',
        expiresAt: at,
      },
    ],
    namespaces: { total: 1, current: 1, pending: 0, skipped: {} },
    problems: [],
  }
  const content = {
    'f:data': { 'f:.dockerconfigjson': {} },
    'f:type': {},
    'f:metadata': { 'f:annotations': { 'f:acr-nopass.io/content-hash': {} } },
  }
  const secret = {
    labels: { 'app.kubernetes.io/managed-by': 'acr-nopass', 'app.kubernetes.io/instance': 'home.r' },
    annotations: { 'acr-nopass.io/registries': 'prod', 'acr-nopass.io/expires-at': at },
    managedFields: [{ manager: 'acr-nopass', operation: 'Apply', fieldsV1: content }],
  }
  const written = { managedFields: [{ manager: 'x', operation: 'Update', fieldsV1: { 'f:imagePullSecrets': {} } }] }
  return [
    object('ConfigMap', 'home', 'r', { metadata: { labels }, data: { 'config.yaml': JSON.stringify(settings) } }),
    object('ConfigMap', 'home', 'r-status', { metadata: { labels }, data: { [STATUS_KEY]: JSON.stringify(status) } }),
    {
      ...object('ClusterRoleBinding', undefined, 'acr-nopass.home.r', { roleRef: {}, subjects: [] }),
      apiVersion: 'rbac.authorization.k8s.io/v1',
    },
    object('Deployment', 'home', 'r', { metadata: { labels }, spec: { replicas: 1 }, status: { readyReplicas: 1 } }),
    object('Namespace', undefined, 'shop'),
    object('Secret', 'shop', 'acr-nopass', { metadata: secret }),
    oldSecret([HOST], written),
    object('ServiceAccount', 'shop', 'default', {
      metadata: written,
      imagePullSecrets: [{ name: AGGREGATION }, { name: 'acr-nopass' }],
    }),
  ]
}
