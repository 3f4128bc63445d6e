/** An object as the API server returns it. */
export interface ZooObject {
  readonly apiVersion?: string
  readonly kind: string
  readonly metadata: {
    readonly name: string
    readonly namespace?: string
    readonly uid?: string
    readonly labels?: Readonly<Record<string, string>>
    readonly annotations?: Readonly<Record<string, string>>
    readonly deletionTimestamp?: string
    readonly managedFields?: readonly unknown[]
    readonly ownerReferences?: readonly object[]
  }
  readonly [key: string]: unknown
}

/**
 * Kinds that are not part of Kubernetes, as their projects define them. Only the relevant fields
 * are used.
 */
export const CUSTOM_KINDS: readonly {
  readonly group: string
  readonly version: string
  readonly kind: string
  readonly plural: string
}[] = [
  // https://argo-rollouts.readthedocs.io/en/stable/features/specification/
  { group: 'argoproj.io', version: 'v1alpha1', kind: 'Rollout', plural: 'rollouts' },
  // https://openkruise.io/docs/user-manuals/cloneset and .../advancedcronjob
  { group: 'apps.kruise.io', version: 'v1alpha1', kind: 'CloneSet', plural: 'clonesets' },
  { group: 'apps.kruise.io', version: 'v1alpha1', kind: 'AdvancedCronJob', plural: 'advancedcronjobs' },
  // https://github.com/knative/specs/blob/main/specs/serving/knative-api-specification-1.0.md#revision
  { group: 'serving.knative.dev', version: 'v1', kind: 'Revision', plural: 'revisions' },
  // https://prometheus-operator.dev/docs/api-reference/api/#monitoring.coreos.com/v1.Prometheus
  { group: 'monitoring.coreos.com', version: 'v1', kind: 'Prometheus', plural: 'prometheuses' },
]

/** The path of the Pod spec in a kind that creates Pods. */
export const POD_SPECS: Readonly<Record<string, readonly string[]>> = {
  Pod: ['spec'],
  Deployment: ['spec', 'template', 'spec'],
  ReplicaSet: ['spec', 'template', 'spec'],
  ReplicationController: ['spec', 'template', 'spec'],
  StatefulSet: ['spec', 'template', 'spec'],
  DaemonSet: ['spec', 'template', 'spec'],
  Job: ['spec', 'template', 'spec'],
  CronJob: ['spec', 'jobTemplate', 'spec', 'template', 'spec'],
  PodTemplate: ['template', 'spec'],
  Rollout: ['spec', 'template', 'spec'],
  CloneSet: ['spec', 'template', 'spec'],
  AdvancedCronJob: ['spec', 'template', 'jobTemplate', 'spec', 'template', 'spec'],
  Revision: ['spec'],
  // The operator fills in the containers: image, imagePullSecrets and serviceAccountName are
  // separate fields.
  Prometheus: ['spec'],
}

/** The path of the collection of each kind in a zoo. */
const COLLECTIONS: Readonly<Record<string, readonly [root: string, plural: string]>> = {
  Pod: ['/api/v1', 'pods'],
  Secret: ['/api/v1', 'secrets'],
  ConfigMap: ['/api/v1', 'configmaps'],
  ServiceAccount: ['/api/v1', 'serviceaccounts'],
  PersistentVolumeClaim: ['/api/v1', 'persistentvolumeclaims'],
  PodTemplate: ['/api/v1', 'podtemplates'],
  ReplicationController: ['/api/v1', 'replicationcontrollers'],
  Deployment: ['/apis/apps/v1', 'deployments'],
  ReplicaSet: ['/apis/apps/v1', 'replicasets'],
  StatefulSet: ['/apis/apps/v1', 'statefulsets'],
  DaemonSet: ['/apis/apps/v1', 'daemonsets'],
  Job: ['/apis/batch/v1', 'jobs'],
  CronJob: ['/apis/batch/v1', 'cronjobs'],
  Role: ['/apis/rbac.authorization.k8s.io/v1', 'roles'],
  RoleBinding: ['/apis/rbac.authorization.k8s.io/v1', 'rolebindings'],
  ClusterRole: ['/apis/rbac.authorization.k8s.io/v1', 'clusterroles'],
  ClusterRoleBinding: ['/apis/rbac.authorization.k8s.io/v1', 'clusterrolebindings'],
  MutatingWebhookConfiguration: ['/apis/admissionregistration.k8s.io/v1', 'mutatingwebhookconfigurations'],
  MutatingAdmissionPolicy: ['/apis/admissionregistration.k8s.io/v1', 'mutatingadmissionpolicies'],
  ...Object.fromEntries(
    CUSTOM_KINDS.map(({ group, version, kind, plural }) => [kind, [`/apis/${group}/${version}`, plural] as const]),
  ),
}

/** Returns the path of the collection that contains an object. */
export function collectionOf({ kind, metadata: { namespace } }: Pick<ZooObject, 'kind' | 'metadata'>): string {
  const [root, plural] = COLLECTIONS[kind] ?? ['', '']
  if (root === '') throw new Error(`no path for ${kind}`)
  return namespace === undefined ? `${root}/${plural}` : `${root}/namespaces/${namespace}/${plural}`
}

export function apiVersionOf(kind: string): string {
  const [root = ''] = COLLECTIONS[kind] ?? []
  return root.replace(/^\/apis?\//, '')
}

/** Returns the field at a path of any depth. */
export function at(value: unknown, path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>((inner, key) => (inner as Readonly<Record<string, unknown>> | undefined)?.[key], value)
}

export function listAt(value: unknown, path: readonly string[]): readonly Readonly<Record<string, unknown>>[] {
  const found = at(value, path)
  return Array.isArray(found) ? found : []
}
