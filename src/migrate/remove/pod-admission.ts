import { createImageTest } from '../../acr/admitted-images.ts'
import type { ReleaseFacts } from '../../installation/find-release.ts'
import type { NamespaceView } from '../../installation/object-views.ts'
import { podPolicyNames } from '../../installation/pod-policy.ts'
import { readBound } from '../../installation/read-bound.ts'
import { NO_ACCOUNT, type TriedPods, tryPods } from '../../installation/try-pods.ts'
import { createReader, type Reader } from '../../kube/read/reader.ts'
import { summarize } from '../../lib/text.ts'

/** Whether new Pods get our reference. */
export interface Reach {
  readonly is: 'yes' | 'no' | 'unknown'
  /** Absent if nothing has to be said besides the fact. */
  readonly why?: string
  readonly fix?: string
}

export const SEE_DOCTOR = 'Run `acr-nopass doctor`: it shows what is wrong.'

/** What is known about the admission policies that add our reference to new Pods. */
export interface PodAdmission {
  readonly tried: TriedPods
  /** What is known about a namespace in which no Pod was tried. */
  readonly elsewhere: Reach
  /** True for an image that the policies include. Undefined: they do not look at images. */
  readonly includesImage: ((image: string) => boolean) | undefined
}

/** {@link tryPods} tries no more namespaces than 1,000 in one call. */
const TOGETHER = 1_000

/**
 * Reads whether the release's admission policies add our reference to new Pods in the namespaces.
 * A policy that exists proves nothing, because somebody may have changed it. Therefore a Pod is
 * created as a dry run. Undefined: the values use no policy.
 */
export async function readPodAdmission(
  reader: Reader,
  release: ReleaseFacts | undefined,
  namespaces: readonly NamespaceView[],
): Promise<PodAdmission | undefined> {
  const { config } = release ?? {}
  if (release === undefined || config === undefined || config.attach === 'serviceAccounts') return undefined
  const domains = config.registries.flatMap((registry) => registry.domains ?? [])
  const includesImage = config.admissionImages === 'acr' ? createImageTest(domains) : undefined
  const without = (elsewhere: Reach): PodAdmission => ({ tried: new Map(), elsewhere, includesImage })
  const bound = await readBound(reader, 'Mutating', release)
  if (bound === undefined) return without({ is: 'unknown', why: 'the admission policies could not be read' })
  const names = new Set(bound.map(({ name }) => name))
  const missing = podPolicyNames(release, config).filter((name) => !names.has(name))
  if (missing.length > 0) {
    const why = `the admission policy ${summarize(missing)} or its binding is missing`
    return without({ is: 'no', why, fix: SEE_DOCTOR })
  }
  // A refused dry run leaves single namespaces open. It does not make the whole report unreadable.
  const own = createReader(reader.client, reader.signal)
  const tried = new Map<string, 'referenced' | 'unreferenced'>()
  for (let from = 0; from < namespaces.length; from += TOGETHER) {
    const results = await tryPods(own, config, namespaces.slice(from, from + TOGETHER))
    for (const [namespace, result] of results ?? []) tried.set(namespace, result)
  }
  const [first] = own.unread
  const why = `whether new Pods get the reference could not be tried${first === undefined ? '' : ` (${first.why})`}`
  if (first === undefined || first.why === NO_ACCOUNT)
    return { tried, elsewhere: { is: 'unknown', why }, includesImage }
  const fix = 'Use a kubeconfig that may create Pods there. The Pod is created only as a dry run.'
  return { tried, elsewhere: { is: 'unknown', why, fix }, includesImage }
}
