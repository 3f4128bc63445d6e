import { randomBytes } from 'node:crypto'
import { NopassError } from '../../errors.ts'
import type { ReleaseTarget } from '../../helm/helm-flags.ts'
import { hasStatus, unlessStatus } from '../../kube/api-error.ts'
import type { KubeCaller, KubeClient } from '../../kube/client.ts'
import type { KubeList, KubeObject } from '../../kube/types.ts'
import { PROBE_PREFIX } from '../preflight/what-to-verify.ts'
import type { RunFolder } from '../run-folder.ts'

const PROBE_LABEL = 'acr-nopass.io/probe'
/** A probe older than this belongs to a run that was killed (milliseconds). */
const STALE_MS = 3_600_000

/** Lets a cluster that enforces Pod Security `restricted` admit the Pod of a probe. */
export const RESTRICTED_CONTAINER: { readonly securityContext: object } = {
  securityContext: {
    allowPrivilegeEscalation: false,
    runAsNonRoot: true,
    runAsUser: 65532,
    capabilities: { drop: ['ALL'] },
    seccompProfile: { type: 'RuntimeDefault' },
  },
}

/** The namespace and ServiceAccount in which the verification runs. */
export interface ProbeTarget {
  readonly namespace: string
  /** True if the namespace was created for this probe. It is deleted with the probe. */
  readonly isNew: boolean
  readonly serviceAccount: string
  /** The name of the Pod that pulls an image. */
  readonly pod: string
  /** The node on which the Pod must run. Default: the scheduler chooses. */
  readonly node?: string
}

export interface ProbeRequest extends KubeCaller {
  readonly folder: RunFolder
  readonly target: ReleaseTarget
  /** The namespace to use. If undefined, a namespace is created. */
  readonly existing: string | undefined
  /** True if a Pod will be created, not only dry-run. */
  readonly makesPod: boolean
  /** More labels of a new namespace. */
  readonly labels?: Readonly<Record<string, string>>
}

/**
 * Runs `work` in a new namespace, or with a new ServiceAccount in an existing one, and deletes what
 * was created. After a crash, the post step deletes these objects by the journal.
 */
export async function withProbe<T>(
  { client, folder, target, existing, makesPod, labels = {}, signal }: ProbeRequest,
  work: (probe: ProbeTarget) => Promise<T>,
): Promise<T> {
  const lists = listsOf(existing, makesPod)
  const name = `${PROBE_PREFIX}${randomBytes(4).toString('hex')}`
  const objects = lists.map((path) => `${path}/${name}`)
  folder.note({ event: 'probe-made', id: name, target, objects })
  // Without a response, it is not known whether the object was created. Then a removal that finds
  // nothing proves nothing.
  let hasResponse = false
  let isRefused = false
  try {
    const made = await makeProbe(client, existing, { name, labels: { ...PROBE_LABELS, ...labels } }).catch((error) => {
      hasResponse = !hasStatus(error, 0)
      isRefused = hasResponse
      throw error
    })
    hasResponse = true
    signal.throwIfAborted()
    // The API server's clock is used. On a machine whose clock is ahead, the probe of another run
    // would look old.
    const now = Date.parse(made.metadata?.creationTimestamp ?? '')
    await Promise.all(lists.map((path) => removeStale(client, path, now)))
    return await work(
      existing === undefined
        ? { namespace: name, isNew: true, serviceAccount: 'default', pod: 'image' }
        : { namespace: existing, isNew: false, serviceAccount: name, pod: name },
    )
  } finally {
    // If the creation was refused, the object does not exist, and an object with its name is not
    // ours.
    await removeProbe(client, isRefused ? [] : objects).then(
      () => hasResponse && folder.noteEnd(name),
      () => undefined,
    )
  }
}

/** Labels of all objects that a probe creates, so that leftovers can be found. */
export const PROBE_LABELS: Readonly<Record<string, string>> = { [PROBE_LABEL]: 'true' }

/**
 * Returns the paths of the collections in which a probe has one object each. The object has the
 * name of the probe.
 */
function listsOf(existing: string | undefined, makesPod: boolean): readonly string[] {
  if (existing === undefined) return ['/api/v1/namespaces']
  return [...(makesPod ? ['pods'] : []), 'serviceaccounts'].map(
    (resource) => `/api/v1/namespaces/${existing}/${resource}`,
  )
}

/**
 * Creates the probe's objects. This is never aborted, because an object that is created after an
 * abort would be found only by its label, an hour later.
 */
async function makeProbe(
  client: KubeClient,
  existing: string | undefined,
  metadata: Pick<KubeObject['metadata'], 'name' | 'labels'>,
): Promise<Partial<KubeObject>> {
  const { name } = metadata
  const [path, what, spec] =
    existing === undefined
      ? ['/api/v1/namespaces', `Namespace ${name}`, { kind: 'Namespace' }]
      : [
          `/api/v1/namespaces/${existing}/serviceaccounts`,
          `ServiceAccount ${name} in ${existing}`,
          { kind: 'ServiceAccount', automountServiceAccountToken: false },
        ]
  const body = { apiVersion: 'v1', ...spec, metadata }
  try {
    return await client.request<Partial<KubeObject>>({ method: 'POST', path, body })
  } catch (error) {
    if (!hasStatus(error, 400, 403, 404, 422)) throw error
    throw new NopassError('VERIFY_NAMESPACE', `${what} was refused: ${error.message}`, { cause: error })
  }
}

/** Deletes each object. A missing object is not an error. */
export async function removeProbe(client: KubeClient, objects: readonly string[]): Promise<void> {
  await Promise.all(objects.map((path) => unlessStatus(client.request({ method: 'DELETE', path }), 404)))
}

/**
 * Deletes probes of runs that were killed, each in the version that was read. A probe without a
 * known creation time is kept.
 */
async function removeStale(client: KubeClient, path: string, now: number): Promise<void> {
  const query = { labelSelector: `${PROBE_LABEL}=true` }
  // A deployer that may not list these objects could not have created one.
  const list = await client.request<KubeList<KubeObject>>({ method: 'GET', path, query }).catch(() => undefined)
  const stale = (list?.items ?? []).filter(
    ({ metadata: { name, creationTimestamp = '', deletionTimestamp } }) =>
      name.startsWith(PROBE_PREFIX) &&
      deletionTimestamp === undefined &&
      now - Date.parse(creationTimestamp) > STALE_MS,
  )
  const removed = stale.map(({ metadata: { name, uid } }) =>
    client.request({ method: 'DELETE', path: `${path}/${name}`, body: { preconditions: { uid } } }),
  )
  await Promise.allSettled(removed)
}
