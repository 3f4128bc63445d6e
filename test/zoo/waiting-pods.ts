import type { Random } from '../simulation/random.ts'
import type { Feature } from './draw-zoo.ts'
import { DEMO, dockerSecret, ELSEWHERE, type PodParts, workload } from './objects.ts'

/** A Pod that waits for its image, and the reason that `doctor` and `doctor pod` must report. */
export interface WaitingPod {
  readonly namespace: string
  readonly name: string
  /** The node's message. */
  readonly message: string
  readonly finding: string
  /** The Pod was created with the pull secret in its list. */
  readonly isReferenced: boolean
}

/** Names that contain the words that doctor looks for in a node's message. */
const IMAGES = ['team/app:1', 'team/app:20260429', 'team/app:20260403', 'team/certificate-service:401']

/** The messages as containerd writes them. test/doctor/pods.test.ts contains them in full. */
const resolving = (image: string, words: string): string =>
  `failed to pull and unpack image "${image}": failed to resolve reference "${image}": ${words}`

/** Reasons that no credential changes, by doctor's ids. */
const OTHER_REASONS: Readonly<Record<string, (image: string) => string>> = {
  POD_IMAGE_ABSENT: (image) => resolving(image, `${image}: not found`),
  POD_CERTIFICATE: (image) =>
    resolving(
      image,
      'failed to do request: tls: failed to verify certificate: x509: certificate signed by unknown authority',
    ),
  POD_THROTTLED: (image) => resolving(image, 'unexpected status from HEAD request: 429 Too Many Requests'),
  POD_ARCHITECTURE: (image) =>
    `failed to pull and unpack image "${image}": no match for platform in manifest: not found`,
  POD_DISK_FULL: (image) => `failed to pull and unpack image "${image}": write /x: no space left on device`,
}

const denied = (image: string): string =>
  resolving(
    image,
    'pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed',
  )

interface WaitingOptions {
  readonly random: Random
  readonly attach: 'serviceAccounts' | 'admission'
  readonly namespaces: readonly string[]
}

/**
 * Draws a waiting Pod. Pods with a finding about their own list are in the last namespace, which
 * has no other defect.
 */
export function drawWaiting({ random, attach, namespaces }: WaitingOptions): Feature {
  const image = `${DEMO}/${random.pick(IMAGES)}`
  const last = namespaces.toSorted().at(-1) ?? ''
  const make = (namespace: string, title: string, parts: Partial<PodParts>, message: string, finding: string) => {
    const name = 'waits-0'
    const owner = { kind: 'StatefulSet', name: 'waits' }
    const pod = { object: workload('Pod', namespace, name, { image, owner, ...parts }) }
    const isReferenced = title === 'waits'
    return {
      title: `Pod ${namespace}/${name} of ${image} ${title}: ${finding}`,
      ...(title === 'is too old' ? { early: [pod] } : { late: [pod] }),
      waiting: { namespace, name, message, finding, isReferenced },
    }
  }
  const how = random.pick(['reason', 'reason', 'old', 'own'] as const)
  if (how === 'old') return make(last, 'is too old', {}, denied(image), 'POD_TOO_OLD')
  if (how === 'own' && attach === 'serviceAccounts') {
    const feature = make(last, 'has its own list', { own: ['regcred'] }, denied(image), 'POD_HAS_OWN_PULL_SECRETS')
    return { ...feature, early: [{ object: dockerSecret(last, 'regcred', [ELSEWHERE]), merge: true }] }
  }
  const [finding = '', words = denied] = random.pick(Object.entries(OTHER_REASONS))
  return make(random.pick(namespaces), 'waits', {}, words(image), finding)
}
