import { SKIP } from '../../kube/names.ts'
import type { Reader } from '../../kube/read/reader.ts'
import { summarize } from '../../lib/text.ts'
import { type OurSide, READ_RELEASE, RELEASE_UNREAD } from './our-side.ts'
import { type Reach, readPodAdmission, SEE_DOCTOR } from './pod-admission.ts'

/** Adds whether the admission policies work in these namespaces. */
export async function withAdmission(
  reader: Reader,
  ours: OurSide,
  namespaces: Iterable<string | undefined>,
): Promise<OurSide> {
  const views = [...new Set(namespaces)].flatMap((name) => ours.namespaces.get(name ?? 'default') ?? [])
  return { ...ours, admission: await readPodAdmission(reader, ours.release, views) }
}

/** The Pods of a ServiceAccount, or of a template. */
interface NewPods {
  readonly namespace: string
  readonly serviceAccount: string
  /** The names of pull secrets that the Pods have without an admission policy. */
  readonly list: readonly string[]
  /**
   * The images that are pulled with the other Secret, or its hosts with a slash behind. Empty: not
   * known. Only `admissionImages: acr` looks at images.
   */
  readonly images: readonly string[]
  /** True if the Pods have the label with which they opt out of the admission policy. */
  readonly optedOut?: boolean
}

/** Judges whether new Pods get our reference, by their list or by a proven admission policy. */
export function reachOf(ours: OurSide, { namespace, serviceAccount, list, images, optedOut }: NewPods): Reach {
  const { secretName, admission, targets, namespaces } = ours
  if (ours.isReleaseUnread) return { is: 'unknown', why: RELEASE_UNREAD, fix: READ_RELEASE }
  if (list.includes(secretName)) return { is: 'yes' }
  const view = namespaces.get(namespace)
  const isTarget = view !== undefined && targets?.includes(view) === true && targets.takesServiceAccount(serviceAccount)
  if (admission === undefined || !isTarget) return { is: 'no' }
  if (optedOut) return { is: 'no', why: `its Pods opted out with the label ${SKIP}` }
  const { tried, elsewhere, includesImage } = admission
  const result = tried.get(namespace)
  if (result === undefined) return elsewhere
  if (result === 'unreferenced') {
    const why = `a Pod created in namespace ${namespace} as a dry run did not get ${secretName}`
    return { is: 'no', why, fix: SEE_DOCTOR }
  }
  if (includesImage === undefined) return { is: 'yes' }
  if (images.length === 0)
    return { is: 'unknown', why: 'its images, on which `admissionImages: acr` depends, are not known' }
  const left = images.filter((image) => !includesImage(image)).map((image) => image.replace(/\/$/, ''))
  if (left.length === 0) return { is: 'yes' }
  const why = `\`admissionImages: acr\` leaves out ${summarize(left)}`
  return { is: 'no', why, fix: 'Add the host to `domains` of its registry in the values.' }
}
