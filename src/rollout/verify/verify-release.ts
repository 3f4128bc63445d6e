import { isCoveredBy, parseImage } from '../../acr/registry-domains.ts'
import { ERROR_CODES } from '../../error-codes.ts'
import { NopassError } from '../../errors.ts'
import { type HelperStatus, itemsOf, type RegistryStatus } from '../../installation/helper-status.ts'
import { hasStatus, KubeApiError, unlessStatus } from '../../kube/api-error.ts'
import { get, METADATA_ONLY } from '../../kube/client.ts'
import {
  ANNOTATION_EXPIRES_AT,
  ANNOTATION_REGISTRIES,
  LABEL_INSTANCE,
  LABEL_MANAGED_BY,
  MANAGED_BY,
} from '../../kube/names.ts'
import { isTransient, pollUntil } from '../../kube/poll-until.ts'
import type { KubeObject, ObjectMeta } from '../../kube/types.ts'
import type { ProbePlan } from '../preflight/what-to-verify.ts'
import { type ProbeRequest, type ProbeTarget, RESTRICTED_CONTAINER, withProbe } from './probe-objects.ts'
import { verifyImage } from './verify-image.ts'
import { type StatusRequest, verifyStatus } from './verify-status.ts'

interface VerifyRequest extends StatusRequest, Pick<ProbeRequest, 'folder' | 'target'> {
  readonly secretName: string
  /** Undefined if no probe is created. */
  readonly probe: ProbePlan | undefined
  readonly image: string | undefined
  readonly report: (line: string) => void
}

/**
 * Verifies that the deployed release works: every registry is live with the deployed configuration,
 * a new namespace gets its Secret, and a new Pod gets the reference. Reads only metadata of
 * Secrets.
 * @returns notes for the summary
 * @throws HELPER_FAILING, VERIFY_STATUS, VERIFY_SECRET, VERIFY_ATTACH, VERIFY_IMAGE
 */
export async function verifyRelease(request: VerifyRequest): Promise<readonly string[]> {
  const { status, unchecked } = await verifyStatus(request)
  const live = status.registries.map((registry) => {
    return `${describeCredential(registry)} ${registry.verified === 'accepted' ? 'accepted' : 'live'}`
  })
  const tooWide = status.registries.filter(({ limit }) => limit?.width === 'too-wide').map(describeTooWide)
  const notes = [`registries: ${live.join(', ')}`, ...tooWide, ...unchecked]
  for (const note of notes) request.report(note)
  const { probe, image } = request
  if (!probe) {
    const pulled = image === undefined ? '' : `, so ${image} was not pulled`
    return [...notes, `no probe: new namespaces are not among the targets${pulled}`]
  }
  const { existing } = probe
  const probed = await withProbe({ ...request, existing, makesPod: image !== undefined }, (made) =>
    verifyProbe(request, probe, made, status),
  )
  return [...notes, ...probed]
}

function describeCredential({ name, limit }: RegistryStatus): string {
  return limit === undefined ? name : `${limit.entries.join(' + ')} (limited)`
}

function describeTooWide(registry: RegistryStatus): string {
  return `CREDENTIAL_TOO_WIDE: ${describeCredential(registry)}: ${ERROR_CODES.CREDENTIAL_TOO_WIDE.what}`
}

async function verifyProbe(
  request: VerifyRequest,
  { registries, attaches }: ProbePlan,
  probe: ProbeTarget,
  status: HelperStatus,
): Promise<readonly string[]> {
  const { secretName, image, limitMs, report } = request
  const secret = await waitForSecret(request, probe.namespace, registries)
  const where = probe.isNew ? 'a new namespace' : `namespace ${probe.namespace}`
  if ('seen' in secret) {
    const words = `Secret ${secretName} in ${where} ${secret.seen}`
    throw new NopassError('VERIFY_SECRET', `${words} after ${limitMs / 1000} s`)
  }
  const notes = [`${where} had its Secret after ${Math.round(secret.ms)} ms`]
  if (attaches) {
    notes.push(await verifyAttachment(request, probe))
    if (image !== undefined)
      notes.push(await verifyImage(request, probe, image, limitMs, isCovered(image, registries, status)))
  } else {
    const pulled = image === undefined ? '' : `, and ${image} not pulled`
    notes.push(
      `the reference was not checked${pulled}: ServiceAccount ${probe.serviceAccount} is not among the targets`,
    )
  }
  for (const note of notes) report(note)
  return notes
}

/**
 * False if the helper reports the domains of all registries of the Secret, and none covers the
 * image.
 */
function isCovered(image: string, registries: readonly string[], status: HelperStatus): boolean {
  const reference = parseImage(image)
  const lists = registries.map((name) => itemsOf(status, name).flatMap(({ domains }) => domains))
  return lists.some((domains) => domains.length === 0 || domains.some((domain) => isCoveredBy(domain, reference)))
}

/**
 * Checks that a Pod (dry run) gets the reference from the admission policy or from its
 * ServiceAccount.
 */
async function verifyAttachment(
  request: VerifyRequest,
  { namespace, serviceAccount, pod: name }: ProbeTarget,
): Promise<string> {
  const { client, secretName, signal } = request
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: {
      serviceAccountName: serviceAccount,
      containers: [{ name: 'probe', image: 'probe.invalid/probe', ...RESTRICTED_CONTAINER }],
    },
  }
  let refused: string | undefined
  const waited = await pollUntil(request.limitMs, signal, async () => {
    try {
      const created = await client.request<{ spec: { imagePullSecrets?: readonly { name: string }[] } }>(
        { method: 'POST', path: `/api/v1/namespaces/${namespace}/pods`, query: { dryRun: 'All' }, body: pod },
        signal,
      )
      refused = undefined
      return created.spec.imagePullSecrets?.some(({ name }) => name === secretName) ?? false
    } catch (error) {
      // The default ServiceAccount of a new namespace takes a moment to appear.
      if (hasStatus(error, 403) && /serviceaccount/i.test(error.message)) return false
      // Without an answer, or with a login that has ended, nothing is known about Pods.
      if (!(error instanceof KubeApiError) || error.status === 0 || error.status === 401) throw error
      // An unavailable webhook looks like an unavailable API server, so it may come back.
      refused = error.message
      return !isTransient(error)
    }
  })
  if (refused !== undefined) return `the reference was not checked: a Pod is rejected there (${refused})`
  if (waited !== undefined) return `a new Pod had the reference after ${Math.round(waited)} ms`
  throw new NopassError(
    'VERIFY_ATTACH',
    `a new Pod did not get the reference to ${secretName} in ${request.limitMs / 1000} s`,
  )
}

/**
 * Waits for the Secret. Returns the milliseconds that this took, or what was wrong with the Secret
 * last. An existing namespace may already have a Secret, and a policy may copy a Secret into every
 * new namespace. So the Secret must be this release's, with these `registries` and a credential
 * that has not expired.
 */
async function waitForSecret(
  request: VerifyRequest,
  namespace: string,
  registries: readonly string[],
): Promise<{ readonly ms: number } | { readonly seen: string }> {
  const path = `/api/v1/namespaces/${namespace}/secrets/${request.secretName}`
  let seen = 'did not appear'
  const ms = await pollUntil(request.limitMs, request.signal, async () => {
    const secret = await unlessStatus(get<KubeObject>(request, path, { accept: METADATA_ONLY }), 404)
    if (secret === undefined) return false
    const problem = judgeSecret(secret.metadata, registries, request)
    seen = problem ?? seen
    return problem === undefined
  })
  return ms === undefined ? { seen } : { ms }
}

/** Returns what is wrong with a Secret of our name. Undefined if nothing is. */
function judgeSecret(
  { labels = {}, annotations = {} }: ObjectMeta,
  registries: readonly string[],
  { target, now }: VerifyRequest,
): string | undefined {
  const instance = `${target.namespace}.${target.release}`
  if (labels[LABEL_MANAGED_BY] !== MANAGED_BY || labels[LABEL_INSTANCE] !== instance) return 'is not of this release'
  const found = (annotations[ANNOTATION_REGISTRIES] ?? '').split(',').filter(Boolean)
  if (found.toSorted().join() !== registries.toSorted().join()) {
    return `holds ${found.join(', ') || 'no registry'} instead of ${registries.join(', ')}`
  }
  const expiresAt = annotations[ANNOTATION_EXPIRES_AT] ?? ''
  return Date.parse(expiresAt) <= now() ? `expired at ${expiresAt}` : undefined
}
