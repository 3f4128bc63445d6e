import type { ReleaseFacts } from '../../installation/find-release.ts'
import { createTargets } from '../../installation/targets.ts'
import { KubeApiError } from '../../kube/api-error.ts'
import { APPLY, type KubeCall, METADATA_ONLY } from '../../kube/client.ts'
import { LABEL_INSTANCE, LABEL_MANAGED_BY, MANAGED_BY } from '../../kube/names.ts'
import type { Reader } from '../../kube/read/reader.ts'
import { namespacedPath } from '../../kube/types.ts'
import type { HelperConfig } from '../../values/generated/helper-config.ts'

/** A write that the guard must refuse. */
interface Attempt {
  /** The resource. The policy's name ends with it. */
  readonly kind: string
  /** What the write changes: `labels`. */
  readonly what: string
  readonly path: string
  readonly body: object
  /** The helper may create this object, but not apply it. */
  readonly isCreated?: true
}

/** A write that a policy of the guard did not refuse. */
export type Accepted = Pick<Attempt, 'kind' | 'what'>

/** Returns the helper's user name. */
export function helperUser({ release }: Pick<HelperConfig, 'release'>): string {
  return `system:serviceaccount:${release.namespace}:${release.serviceAccount}`
}

/**
 * Tries, as the helper, writes that the guard must refuse. Each is a dry run, so nothing is stored.
 * Each response is metadata, so no credential is read. The caller needs the right to impersonate
 * the helper's ServiceAccount, which Kubernetes' ClusterRoles `admin` and `edit` include.
 * Undefined: nothing could be tried. Writes that could not be tried are recorded.
 */
export async function tryGuard(
  reader: Reader,
  { namespace, name, config }: ReleaseFacts,
  policyName: (kind: string) => string,
): Promise<readonly Accepted[] | undefined> {
  if (config === undefined) return undefined
  const accepted: Accepted[] = []
  for (const attempt of listForbiddenWrites(config, `${namespace}.${name}`)) {
    const { kind, what } = attempt
    const refusal = await refusalOf(reader, attempt, helperUser(config))
    if (refusal === undefined) accepted.push({ kind, what })
    else if (refusal.includes('cannot impersonate')) {
      reader.note("The guard's effect (dry runs as the helper)", refusal.replace(/^.*? returned 403: /, ''))
      return undefined
    } else if (!refusal.includes(`ValidatingAdmissionPolicy '${policyName(kind)}'`)) {
      reader.note(`The guard of ${kind} (${what})`, `something else refused the dry run: ${refusal}`)
    }
  }
  return accepted
}

/**
 * Returns the API server's message; undefined: it accepted the write.
 * @throws errors that are not a response to the write
 */
async function refusalOf(
  reader: Reader,
  { path, body, isCreated }: Attempt,
  actAs: string,
): Promise<string | undefined> {
  const query = { dryRun: 'All', fieldManager: 'acr-nopass-doctor' }
  const common = { path, body, accept: METADATA_ONLY, actAs }
  const call: KubeCall = isCreated
    ? { ...common, method: 'POST', query }
    : { ...common, method: 'PATCH', query: { ...query, force: true }, contentType: APPLY }
  try {
    await reader.client.request(call, reader.signal)
    return undefined
  } catch (error) {
    if (error instanceof KubeApiError) return error.message
    throw error
  }
}

const FIELDS = {
  labels: { 'acr-nopass-doctor': 'dry-run' },
  annotations: { 'acr-nopass-doctor': 'dry-run' },
  finalizers: ['example.com/doctor'],
  ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'acr-nopass-doctor', uid: 'none' }],
}

/**
 * Lists, per resource, a write to each field that other controllers act on, and writes that change
 * the kind of the object.
 */
function listForbiddenWrites(config: HelperConfig, instance: string): readonly Attempt[] {
  const { release, secretName } = config
  const { namespace } = release
  const targets = createTargets(config)
  const { include } = config.targets.serviceAccounts
  // Each namespace has a ServiceAccount `default`. If a name contains a `*`, the helper may patch
  // every ServiceAccount (chart/templates/_rules.tpl).
  const mayPatchDefault = targets.takesServiceAccount('default') || include.some((name) => name.includes('*'))
  const account = mayPatchDefault ? 'default' : include[0]
  const place = config.scope === 'cluster' ? namespace : targets.listedNamespaces[0]
  const core = { apiVersion: 'v1' }
  const secret = {
    ...core,
    kind: 'Secret',
    type: 'kubernetes.io/dockerconfigjson',
    data: { '.dockerconfigjson': 'eyJhdXRocyI6e319' },
  }
  const leasePath = namespacedPath('/apis/coordination.k8s.io/v1', namespace, 'leases', release.lease)
  const lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' }
  const statusPath = namespacedPath('/api/v1', namespace, 'configmaps', release.status)
  const status = { ...core, kind: 'ConfigMap' }
  const labels = { [LABEL_MANAGED_BY]: MANAGED_BY, [LABEL_INSTANCE]: instance }
  const attaches = config.attach !== 'admission' && account !== undefined && place !== undefined
  return [
    ...listVariants('secrets', namespacedPath('/api/v1', namespace, 'secrets', secretName), secretName, secret, labels),
    {
      kind: 'secrets',
      what: 'a second key',
      path: namespacedPath('/api/v1', namespace, 'secrets', secretName),
      body: { ...secret, metadata: { name: secretName, labels }, data: { ...secret.data, more: '' } },
    },
    ...(attaches
      ? [
          ...listVariants('serviceaccounts', namespacedPath('/api/v1', place, 'serviceaccounts', account), account, {
            ...core,
            kind: 'ServiceAccount',
          }),
          {
            kind: 'serviceaccounts',
            what: "another tool's pull secret",
            path: namespacedPath('/api/v1', place, 'serviceaccounts', account),
            body: {
              ...core,
              kind: 'ServiceAccount',
              metadata: { name: account },
              imagePullSecrets: [{ name: 'acr-nopass-doctor' }],
            },
          },
        ]
      : []),
    ...listVariants('leases', leasePath, release.lease, lease),
    ...[{ leaseDurationSeconds: 3600 }, { leaseTransitions: 2 ** 31 - 1 }].map((spec) => ({
      kind: 'leases',
      what: Object.keys(spec).join(),
      path: leasePath,
      body: { ...lease, metadata: { name: release.lease }, spec },
    })),
    ...listVariants('configmaps', statusPath, release.status, status),
    {
      kind: 'configmaps',
      what: 'a second key',
      path: statusPath,
      body: { ...status, metadata: { name: release.status }, data: { more: '' } },
    },
    ...listVariants('events', namespacedPath('/api/v1', namespace, 'events'), 'acr-nopass-doctor', {
      ...core,
      kind: 'Event',
      involvedObject: { ...core, kind: 'Namespace', name: namespace, namespace },
      reason: 'DryRun',
      type: 'Warning',
      source: { component: 'acr-nopass' },
      reportingComponent: 'acr-nopass',
      reportingInstance: 'acr-nopass-doctor',
    }).map((attempt) => ({ ...attempt, isCreated: true as const })),
  ]
}

/** Returns the object with each of the fields in turn. */
function listVariants(
  kind: string,
  path: string,
  name: string,
  object: object,
  labels: Readonly<Record<string, string>> = {},
): readonly Attempt[] {
  return Object.entries(FIELDS).map(([field, value]) => {
    const changed = field === 'labels' ? { ...labels, ...value } : value
    return { kind, what: field, path, body: { ...object, metadata: { name, labels, [field]: changed } } }
  })
}
