import { NopassError } from '../../errors.ts'
import { hasStatus, KubeApiError, unlessStatus } from '../../kube/api-error.ts'
import { type KubeClient, METADATA_ONLY } from '../../kube/client.ts'
import {
  ANNOTATION_EXPIRES_AT,
  ANNOTATION_REGISTRIES,
  LABEL_INSTANCE,
  LABEL_MANAGED_BY,
  MANAGED_BY,
} from '../../kube/names.ts'
import { isTransient, pollUntil } from '../../kube/poll-until.ts'
import type { ObjectMeta } from '../../kube/types.ts'
import { type ProbeRequest, type ProbeTarget, RESTRICTED_CONTAINER, withProbe } from './probe-objects.ts'
import { verifyImage } from './verify-image.ts'
import { type StatusRequest, verifyStatus } from './verify-status.ts'
import type { ProbePlan } from './what-to-verify.ts'

interface VerifyRequest extends StatusRequest, Pick<ProbeRequest, 'folder' | 'target'> {
  readonly secretName: string
  /** Undefined: no probe is created. */
  readonly probe: ProbePlan | undefined
  readonly image: string | undefined
  readonly report: (line: string) => void
}

/**
 * Verifies that the deployed release works: every registry is live with the deployed configuration, a new namespace gets its
 * Secret, a new Pod the reference. Only metadata of Secrets is read.
 * @returns notes for the summary
 * @throws HELPER_FAILING, VERIFY_STATUS, VERIFY_SECRET, VERIFY_ATTACH, VERIFY_IMAGE
 */
export async function verifyRelease(request: VerifyRequest, signal: AbortSignal): Promise<readonly string[]> {
  const status = await verifyStatus(request, signal)
  const live = status.registries.map(({ name, verified }) => `${name} ${verified === 'accepted' ? 'accepted' : 'live'}`)
  const notes = [`registries: ${live.join(', ')}`]
  request.report(notes[0] ?? '')
  const { client, folder, target, probe, image } = request
  if (!probe) {
    const pulled = image === undefined ? '' : `, so ${image} was not pulled`
    return [...notes, `no probe: new namespaces are not among the targets${pulled}`]
  }
  const existing = probe.existing?.namespace
  const probed = await withProbe(
    { client, folder, target, existing, makesPod: image !== undefined },
    (made) => verifyProbe(request, probe, made, signal),
    signal,
  )
  return [...notes, ...probed]
}

async function verifyProbe(
  request: VerifyRequest,
  { existing, attaches }: ProbePlan,
  probe: ProbeTarget,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { client, secretName, target, image, limitMs, report } = request
  const expected = {
    name: secretName,
    instance: `${target.namespace}.${target.release}`,
    registries: existing?.registries,
  }
  const secret = await waitForSecret(client, probe.namespace, expected, request, signal)
  const where = probe.isNew ? 'a new namespace' : `namespace ${probe.namespace}`
  if ('seen' in secret) {
    const words = `Secret ${secretName} in ${where} ${secret.seen}`
    throw new NopassError('VERIFY_SECRET', `${words} after ${limitMs / 1000} s`)
  }
  const notes = [`${where} had its Secret after ${Math.round(secret.ms)} ms`]
  if (attaches) {
    notes.push(await verifyAttachment(request, probe, signal))
    if (image !== undefined) notes.push(await verifyImage(client, probe, image, limitMs, signal))
  } else {
    const pulled = image === undefined ? '' : `, and ${image} not pulled`
    notes.push(
      `the reference was not checked${pulled}: ServiceAccount ${probe.serviceAccount} is not among the targets`,
    )
  }
  for (const note of notes) report(note)
  return notes
}

/** Checks that a Pod (dry run) gets the reference from the admission policy or from its ServiceAccount. */
async function verifyAttachment(
  request: VerifyRequest,
  { namespace, serviceAccount, pod: name }: ProbeTarget,
  signal: AbortSignal,
): Promise<string> {
  const { client, secretName } = request
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
      if (!(error instanceof KubeApiError) || error.status === 0) throw error
      // An unavailable webhook looks like an unavailable API server: it may come back.
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

/** The expected metadata of a pull secret. */
interface ExpectedSecret {
  readonly name: string
  /** `<release namespace>.<release name>`. */
  readonly instance: string
  /** In an existing namespace: the registries that it must hold. */
  readonly registries: readonly string[] | undefined
}

/**
 * Waits for the Secret and returns the milliseconds, or what was wrong with it last. An existing namespace may already have a Secret,
 * so it has to be this release's, with these registries and a credential that has not expired.
 */
async function waitForSecret(
  client: KubeClient,
  namespace: string,
  expected: ExpectedSecret,
  limits: { readonly limitMs: number; readonly now: () => number },
  signal: AbortSignal,
): Promise<{ readonly ms: number } | { readonly seen: string }> {
  const path = `/api/v1/namespaces/${namespace}/secrets/${expected.name}`
  let seen = 'did not appear'
  const ms = await pollUntil(limits.limitMs, signal, async () => {
    const call = { method: 'GET', path, accept: METADATA_ONLY } as const
    const secret = await unlessStatus(client.request<{ metadata: ObjectMeta }>(call, signal), 404)
    if (secret === undefined) return false
    const problem = judgeSecret(secret.metadata, expected, limits.now())
    seen = problem ?? seen
    return problem === undefined
  })
  return ms === undefined ? { seen } : { ms }
}

/** What is wrong with a Secret of our name; undefined: nothing. */
function judgeSecret(
  { labels = {}, annotations = {} }: ObjectMeta,
  { instance, registries }: ExpectedSecret,
  now: number,
): string | undefined {
  if (registries === undefined) return undefined
  if (labels[LABEL_MANAGED_BY] !== MANAGED_BY || labels[LABEL_INSTANCE] !== instance) return 'is not of this release'
  const found = (annotations[ANNOTATION_REGISTRIES] ?? '').split(',').filter(Boolean)
  if (found.toSorted().join() !== registries.toSorted().join()) {
    return `holds ${found.join(', ') || 'no registry'} instead of ${registries.join(', ')}`
  }
  const expiresAt = annotations[ANNOTATION_EXPIRES_AT] ?? ''
  return Date.parse(expiresAt) <= now ? `expired at ${expiresAt}` : undefined
}
