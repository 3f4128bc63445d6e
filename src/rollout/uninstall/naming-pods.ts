import { unlessStatus } from '../../kube/api-error.ts'
import type { KubeCaller } from '../../kube/client.ts'
import { isOver, type KubeObject, keyOf, type PodObject } from '../../kube/types.ts'
import { summarize } from '../../lib/text.ts'
import { findLeftovers, type LeftoverQuery, listAll } from './leftovers.ts'

/** Pods that name a pull Secret that is about to be removed. */
export interface NamingPods {
  readonly count: number
  /** The Pods without any other pull Secret, as `namespace/name`. */
  readonly only: readonly string[]
}

/**
 * Finds Pods that name one of these pull Secrets, whatever its logins. A `static` login does not
 * expire, so a Pod that pulls with it today could pull for years. Undefined if the caller may not
 * list Pods.
 */
export async function findNamingPods(
  caller: KubeCaller,
  own: LeftoverQuery,
  secrets: readonly KubeObject[],
): Promise<NamingPods | undefined> {
  const namespaces = new Set(secrets.map(({ metadata }) => metadata.namespace))
  const namesOf = ({ spec }: PodObject): readonly (string | undefined)[] =>
    (spec.imagePullSecrets ?? []).map(({ name }) => name)
  const isNaming = (pod: PodObject): boolean =>
    !isOver(pod) && namespaces.has(pod.metadata.namespace) && namesOf(pod).includes(own.secretName)
  const pods = await unlessStatus(
    listAll<PodObject, readonly [key: string, isOnly: boolean]>(caller, own, 'pods', {}, (pod) =>
      isNaming(pod) ? [keyOf(pod.metadata), namesOf(pod).every((name) => name === own.secretName)] : undefined,
    ),
    403,
  )
  if (pods === undefined) return undefined
  return { count: pods.length, only: pods.filter(([, isOnly]) => isOnly).map(([key]) => key) }
}

/** Describes the Pods that name a pull secret of the release, which is about to be removed. */
export async function reportNamingPods(caller: KubeCaller, own: LeftoverQuery): Promise<string> {
  const found = await unlessStatus(findLeftovers(caller, own), 403)
  const pods = found && (await findNamingPods(caller, own, found.secrets))
  return describeNamingPods(pods, own.secretName)
}

/** The maximum number of Pods that are named. More Pods are only counted. */
const MOST_SHOWN = 20

/** Describes the Pods in one line. */
export function describeNamingPods(pods: NamingPods | undefined, secretName: string): string {
  if (pods === undefined)
    return `Pods that still name ${secretName} were not searched for, because the right to list Pods is missing`
  const { count, only } = pods
  if (count === 0) return `no Pod names ${secretName}`
  const lost =
    only.length === 0
      ? 'each names another pull secret too'
      : `it is the only pull secret of ${summarize(only, MOST_SHOWN)}, which cannot pull without it`
  return `Pods that name the pull secret ${secretName}: ${count}; ${lost}`
}
