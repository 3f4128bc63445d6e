import { gzipSync } from 'node:zlib'
import { STATUS_KEY } from '../../src/installation/helper-status.ts'
import { loadConfig } from '../../src/installation/load-config.ts'
import { config } from '../helper/plan-fixtures.ts'
import type { FakeObject } from '../support/fake-api-server.ts'

export const HOME = 'acr-nopass'
export const RELEASE = 'acr-nopass'
const CLUSTER_NAME = `acr-nopass.${HOME}.${RELEASE}`
const SECRET_LABELS = {
  'app.kubernetes.io/managed-by': 'acr-nopass',
  'app.kubernetes.io/instance': `${HOME}.${RELEASE}`,
}
const labels = { 'app.kubernetes.io/name': 'acr-nopass', 'app.kubernetes.io/instance': RELEASE }
/** An API server records the writer of every object. */
const managedFields = [{ manager: 'helm', operation: 'Update', fieldsV1: { 'f:spec': {} } }]

/** The values of the list and of the release. */
export const VALUES = {
  identity: { type: 'worker-role' },
  registries: [{ name: 'prod', edition: 'enterprise', instanceId: 'cri-abcdefgh12345678', region: 'cn-hangzhou' }],
}

export interface ReleaseChange {
  readonly chart?: string
  readonly values?: object
  readonly status?: string
  /** Changes the report of the helper. */
  readonly report?: object
  /** Changes the report of the one registry. */
  readonly registry?: object
  readonly replicas?: number
  /** A revision after the deployed one, with its status. */
  readonly next?: string
  /** A key that another client added to a ConfigMap of the release. */
  readonly added?: string
}

/** Everything that an API server holds of a release without problems, except for the change. */
export function releaseObjects(change: ReleaseChange = {}): readonly FakeObject[] {
  const text = JSON.stringify(
    config({
      release: {
        name: RELEASE,
        namespace: HOME,
        fullname: RELEASE,
        serviceAccount: RELEASE,
        lease: RELEASE,
        status: `${RELEASE}-status`,
      },
      targets: { namespaces: { include: ['shop'] } },
      guard: 'disabled',
    }),
  )
  const manifest = [configMap(text), extra(), deployment(2)]
  return [
    ...['kube-system', HOME, 'shop'].map((name) => object('v1', 'Namespace', { name })),
    recordOf(manifest, change, 1),
    ...(change.next === undefined ? [] : [recordOf(manifest, { ...change, status: change.next }, 2)]),
    changedBy(stored(extra()), change.added),
    stored(configMap(text)),
    stored(deployment(change.replicas ?? 2)),
    object(
      'v1',
      'ConfigMap',
      { namespace: HOME, name: `${RELEASE}-status`, labels },
      {
        data: { [STATUS_KEY]: JSON.stringify({ ...reportOf(text, change.registry), ...change.report }) },
      },
    ),
    object(
      'coordination.k8s.io/v1',
      'Lease',
      { namespace: HOME, name: RELEASE },
      {
        spec: { holderIdentity: 'acr-nopass-1_x', renewTime: new Date().toISOString() },
      },
    ),
    object('rbac.authorization.k8s.io/v1', 'ClusterRoleBinding', { name: CLUSTER_NAME, labels }),
    object('admissionregistration.k8s.io/v1', 'ValidatingWebhookConfiguration', { name: 'other' }),
    ...[HOME, 'shop'].map(pullSecret),
    object(
      'v1',
      'ServiceAccount',
      {
        namespace: 'shop',
        name: 'default',
        managedFields: [{ manager: 'acr-nopass', operation: 'Update', fieldsV1: { 'f:imagePullSecrets': {} } }],
      },
      { imagePullSecrets: [{ name: 'acr-nopass' }] },
    ),
  ]
}

/** Helm's record of a revision (helm: `encodeRelease` in pkg/storage/driver/util.go). */
function recordOf(
  manifest: readonly object[],
  { chart = '1.0.0', values = VALUES, status = 'deployed' }: ReleaseChange,
  revision: number,
) {
  const release = {
    chart: { metadata: { name: 'acr-nopass', version: chart } },
    config: values,
    manifest: manifest.map((one) => `---\n${JSON.stringify(one)}\n`).join(''),
    hooks: [],
  }
  const packed = gzipSync(JSON.stringify(release)).toString('base64')
  return object(
    'v1',
    'Secret',
    {
      namespace: HOME,
      name: `sh.helm.release.v1.${RELEASE}.v${revision}`,
      labels: { owner: 'helm', name: RELEASE, version: String(revision), status },
      creationTimestamp: '2026-03-01T10:00:00Z',
    },
    { type: 'helm.sh/release.v1', data: { release: Buffer.from(packed).toString('base64') } },
  )
}

/** A second object of a kind, so that the kind is listed. */
function extra() {
  const { metadata, ...rest } = configMap('')
  return { ...rest, metadata: { ...metadata, name: 'extra' }, data: { key: 'value' } }
}

/** The object after another client has added a key. */
function changedBy(one: FakeObject, key: string | undefined): FakeObject {
  if (key === undefined) return one
  const entry = { manager: 'kubectl-edit', operation: 'Update', fieldsV1: { 'f:data': { [`f:${key}`]: {} } } }
  const data = { ...(one.data as object), [key]: 'x' }
  return { ...one, data, metadata: { ...one.metadata, managedFields: [...managedFields, entry] } }
}

function configMap(text: string) {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { namespace: HOME, name: RELEASE, labels },
    data: { 'config.yaml': text },
  }
}

function deployment(replicas: number) {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { namespace: HOME, name: RELEASE, labels },
    spec: { replicas },
  }
}

/** The object as an API server returns it. */
function stored(
  manifest: ReturnType<typeof deployment> | ReturnType<typeof configMap> | ReturnType<typeof extra>,
): FakeObject {
  const annotations = { 'meta.helm.sh/release-name': RELEASE }
  const metadata = { ...manifest.metadata, annotations, managedFields }
  const replicas = 'spec' in manifest ? manifest.spec.replicas : 0
  return { ...manifest, metadata, ...('spec' in manifest && { status: { replicas, availableReplicas: replicas } }) }
}

function reportOf(text: string, registry: object = {}) {
  const at = (minutes: number): string => new Date(Date.now() + minutes * 60_000).toISOString()
  return {
    version: '1.0.0',
    updatedAt: at(0),
    leader: 'acr-nopass-1_x',
    configHash: loadConfig(text).hash,
    secretName: 'acr-nopass',
    attach: 'serviceAccounts',
    retired: false,
    registries: [
      {
        name: 'prod',
        edition: 'enterprise',
        fingerprint: 'f',
        domains: ['prod-registry.cn-hangzhou.cr.aliyuncs.com'],
        state: 'live',
        verified: 'accepted',
        issuedAt: at(-20),
        refreshAt: at(20),
        expiresAt: at(40),
        ...registry,
      },
    ],
    namespaces: { total: 3, current: 2, pending: 0, skipped: { 'not-targeted': 1 } },
    problems: [],
  }
}

/** A pull secret whose content is the helper's. */
function pullSecret(namespace: string): FakeObject {
  const leaves = {
    'f:data': { 'f:.dockerconfigjson': {} },
    'f:type': {},
    'f:metadata': {
      'f:annotations': { 'f:acr-nopass.io/content-hash': {} },
      'f:labels': { 'f:app.kubernetes.io/managed-by': {}, 'f:app.kubernetes.io/instance': {} },
    },
  }
  return object(
    'v1',
    'Secret',
    {
      namespace,
      name: 'acr-nopass',
      labels: SECRET_LABELS,
      annotations: {
        'acr-nopass.io/registries': 'prod',
        'acr-nopass.io/content-hash': 'h',
        'acr-nopass.io/expires-at': new Date(Date.now() + 40 * 60_000).toISOString(),
      },
      managedFields: [{ manager: 'acr-nopass', operation: 'Apply', fieldsV1: leaves }],
    },
    { type: 'kubernetes.io/dockerconfigjson' },
  )
}

function object(apiVersion: string, kind: string, metadata: FakeObject['metadata'], rest: object = {}): FakeObject {
  return { apiVersion, kind, metadata, ...rest }
}
