import type { ReleaseFacts } from '../../installation/find-release.ts'
import type { NamespaceView } from '../../installation/object-views.ts'
import { type DeploymentView, findPodRefusal } from '../../installation/release-causes.ts'
import { readPods } from '../../installation/release-watch.ts'
import type { Lease } from '../../kube/lease-record.ts'
import { readServedIssuer } from '../../kube/read/cluster-identity.ts'
import type { Reader } from '../../kube/read/reader.ts'
import { type ReadRules, readAdmission } from './read-admission.ts'
import { reviewRights } from './review-rights.ts'

export type HelperFacts = Awaited<ReturnType<typeof readHelper>>

/**
 * Reads whether a release's helper runs, leads, and has its rights. In each of the given namespaces
 * a Pod is tried.
 */
export async function readHelper(
  reader: Reader,
  release: ReleaseFacts,
  namespaces: Promise<readonly NamespaceView[] | undefined>,
  rules: ReadRules,
) {
  const { namespace, fullname, config } = release
  if (config?.helper.enabled === false) {
    return { deployment: await readDeployment(reader, release), ...NO_HELPER }
  }
  const [deployment, helperPods, lease, admission, rights, issuer] = await Promise.all([
    readDeployment(reader, release),
    readHelperPods(reader, release),
    readLease(reader, namespace, config?.release.lease ?? fullname),
    readAdmission(reader, release, namespaces, rules),
    reviewRights(reader, rules.isReadOnly ? undefined : config),
    config?.identity.type === 'rrsa'
      ? reader.attempt("The cluster's issuer", () => readServedIssuer(reader))
      : undefined,
  ])
  return { deployment, helperPods, lease, admission, ...rights, issuer }
}

/** What is not read if the values switch the helper off. */
const NO_HELPER = { helperPods: undefined, lease: undefined, admission: undefined, issuer: undefined }

interface DeploymentObject extends DeploymentView {
  readonly spec: { readonly replicas?: number }
  readonly status?: DeploymentView['status'] & { readonly availableReplicas?: number }
}

async function readDeployment(reader: Reader, { namespace, fullname }: ReleaseFacts) {
  const object = await reader.get<DeploymentObject>(
    `Deployment ${namespace}/${fullname}`,
    `/apis/apps/v1/namespaces/${namespace}/deployments/${fullname}`,
  )
  if (!object) return object
  const { availableReplicas = 0, conditions = [] } = object.status ?? {}
  const ready = conditions.find(({ type, status }) => type === 'Available' && status === 'True')
  // Why no Pod can be created, such as a quota, Pod Security or a webhook.
  const refusal = findPodRefusal(object.status)
  return {
    wanted: object.spec.replicas ?? 1,
    available: availableReplicas,
    ...(ready?.lastTransitionTime && { availableSince: ready.lastTransitionTime }),
    ...(refusal && { refusal }),
  }
}

/** Reads the helper's Pods, and why some are not ready. */
async function readHelperPods(reader: Reader, { namespace, name }: ReleaseFacts) {
  const selector = { 'app.kubernetes.io/name': 'acr-nopass', 'app.kubernetes.io/instance': name }
  const parts = { namespace, selector, statusConfigMap: undefined, configHash: undefined }
  return reader.attempt(`Pods of namespace ${namespace}`, () => readPods(reader, parts))
}

async function readLease(reader: Reader, namespace: string, name: string) {
  const path = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/${name}`
  const object = await reader.get<Lease>(`Lease ${namespace}/${name}`, path)
  if (!object) return object
  const { holderIdentity = '', renewTime } = object.spec ?? {}
  // The managed fields contain the API server's time of the write that set the time of renewal.
  const writers = (object.metadata.managedFields ?? []).filter(({ fieldsV1 }) => {
    return 'f:renewTime' in ((fieldsV1 as { 'f:spec'?: object } | undefined)?.['f:spec'] ?? {})
  })
  const written = Math.max(...writers.map(({ time }) => Date.parse(time ?? '')))
  return {
    holder: holderIdentity,
    /** Epoch milliseconds by the clock of the holder's node. */
    renewedAt: renewTime === undefined ? 0 : Date.parse(renewTime),
    /** The same write by the API server's clock, in whole seconds. */
    ...(Number.isFinite(written) ? { writtenAt: written } : {}),
  }
}
