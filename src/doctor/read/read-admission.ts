import type { ReleaseFacts } from '../../installation/find-release.ts'
import type { NamespaceView } from '../../installation/object-views.ts'
import { type BoundPolicy, readBound } from '../../installation/read-bound.ts'
import { createSecretTransforms } from '../../installation/read-pull-secrets.ts'
import { clusterName } from '../../installation/release-evidence.ts'
import { tryPods } from '../../installation/try-pods.ts'
import { pollUntil } from '../../kube/poll-until.ts'
import type { Reader } from '../../kube/read/reader.ts'
import type { KubeObject } from '../../kube/types.ts'
import { type Accepted, tryGuard } from './try-guard.ts'

const API = '/apis/admissionregistration.k8s.io/v1'

/** The admission policies that give Pods the reference, and those that limit the helper. */
export type AdmissionFacts = NonNullable<Awaited<ReturnType<typeof readAdmission>>>

/** The limits of a read of the API server. */
export interface ReadRules {
  /** By the API server's clock (epoch milliseconds). */
  readonly now: number
  /** True: no dry runs and no reviews of rights. */
  readonly isReadOnly: boolean
}

/**
 * Reads the release's admission policies in the API server and their effect: on Pods in the given
 * namespaces, and on writes that the guard must refuse.
 * The effect is not tried with `isReadOnly`.
 */
export async function readAdmission(
  reader: Reader,
  release: ReleaseFacts,
  namespaces: Promise<readonly NamespaceView[] | undefined>,
  { now, isReadOnly }: ReadRules,
) {
  const kinds = await reader.attempt('API resources', async () => {
    const list = await reader.request<{ resources: readonly { name: string }[] }>(API)
    return new Set(list.resources.map(({ name }) => name))
  })
  if (kinds === undefined) return undefined
  // Mutating policies need Kubernetes 1.36, validating policies 1.30.
  const canMutate = kinds.has('mutatingadmissionpolicies')
  const canGuard = kinds.has('validatingadmissionpolicies')
  const { config } = release
  const mutates = config !== undefined && config.attach !== 'serviceAccounts' && canMutate
  const guards = canGuard && config?.guard === 'enabled'
  const nameOf = (kind: string): string => `${clusterName(release)}.${kind}`
  const [mutating, guard, tried, accepted] = await Promise.all([
    mutates ? readBound(reader, 'Mutating', release) : [],
    guards ? readBound(reader, 'Validating', release) : [],
    mutates && !isReadOnly && !config.retire
      ? tryPods(reader, config, (await namespaces) ?? (await readOwn(reader, release)))
      : undefined,
    guards && !isReadOnly ? tryGuard(reader, release, nameOf) : undefined,
  ])
  const isNew = guard?.some(({ createdAt = 0 }) => createdAt > now - NEW_MS) ?? false
  const again = isNew && (accepted?.length ?? 0) > 0
  const settled = again ? await untilRefused(reader, () => tryGuard(reader, release, nameOf)) : accepted
  // The names of the mutating and validating policies that have a binding.
  const bound = mutating && guard && [...mutating, ...guard].map(({ name }) => name)
  return { canMutate, canGuard, bound, tried, guard: guard as readonly BoundPolicy[] | undefined, accepted: settled }
}

/**
 * An API server applies a policy some time after the policy's creation: it reads policies by a
 * watch and compiles them once a second (policyRefreshIntervalDefault in
 * pkg/admission/plugin/policy/generic/policy_source.go of k8s.io/apiserver 0.37).
 */
const NEW_MS = 60_000
const LOADED_MS = 10_000

async function untilRefused(
  reader: Reader,
  attempt: () => Promise<readonly Accepted[] | undefined>,
): Promise<readonly Accepted[] | undefined> {
  let accepted: readonly Accepted[] | undefined
  await pollUntil(LOADED_MS, reader.signal, async () => {
    accepted = await attempt()
    return (accepted?.length ?? 0) === 0
  })
  return accepted
}

/** Returns the release's own namespace, for users who may not list all namespaces. */
async function readOwn(reader: Reader, release: ReleaseFacts): Promise<readonly NamespaceView[]> {
  const { namespace } = release
  const own = await reader.get<KubeObject>(`Namespace ${namespace}`, `/api/v1/namespaces/${namespace}`)
  return own ? [createSecretTransforms(release).transforms.namespace(own)] : []
}
