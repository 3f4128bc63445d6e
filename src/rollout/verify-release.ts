import type { HelperStatus } from '../acr/helper-status.ts'
import { requestRefresh } from '../acr/request-refresh.ts'
import { NopassError } from '../errors.ts'
import type { ReleaseTarget } from '../helm/helm-flags.ts'
import { KubeApiError } from '../kube/api-error.ts'
import type { KubeClient } from '../kube/client.ts'
import { pollUntil, waitForSecret, withProbeNamespace } from './probe-namespace.ts'
import { pushConfig } from './push-config.ts'
import { findCauses } from './release-causes.ts'
import { readStatus, type WatchedRelease } from './release-watch.ts'
import { RESTRICTED_CONTAINER } from './restricted-pod.ts'
import type { RunFolder } from './run-folder.ts'
import { verifyImage } from './verify-image.ts'

export interface VerifyRequest {
  readonly client: KubeClient
  readonly folder: RunFolder
  readonly target: ReleaseTarget
  readonly parts: WatchedRelease
  readonly secretName: string
  /** Whether a new namespace is one of the targets; without it nothing is probed. */
  readonly probe: boolean
  readonly image: string | undefined
  /** Milliseconds for each of the waits. */
  readonly limitMs: number
  readonly report: (line: string) => void
}

/**
 * Proves that the deployed release works: every registry live with the deployed configuration, a new namespace gets its
 * Secret, a new Pod the reference. Nothing of a Secret but its metadata is read.
 * @returns what was seen, for the summary
 * @throws NopassError `HELPER_FAILING`, `VERIFY_STATUS`, `VERIFY_SECRET`, `VERIFY_ATTACH`, `VERIFY_IMAGE`
 */
export async function verifyRelease(request: VerifyRequest, signal: AbortSignal): Promise<readonly string[]> {
  const status = await verifyStatus(request, signal)
  const live = status.registries.map(({ name, verified }) => `${name} ${verified === 'accepted' ? 'accepted' : 'live'}`)
  const notes = [`registries: ${live.join(', ')}`]
  request.report(notes[0] ?? '')
  if (!request.probe) return [...notes, 'no probe: new namespaces are not among the targets']
  const { client, folder, target } = request
  const probed = await withProbeNamespace(
    client,
    folder,
    target,
    (namespace) => probe(request, namespace, signal),
    signal,
  )
  return [...notes, ...probed]
}

/** Waits until the helper reports every registry as live with the deployed configuration. */
export async function verifyStatus(
  request: Pick<VerifyRequest, 'client' | 'parts' | 'limitMs'>,
  signal: AbortSignal,
): Promise<HelperStatus> {
  const { client, parts, limitMs } = request
  const since = new Map<string, number>()
  let last: HelperStatus | undefined
  let asked = false
  let pushed = false
  const waited = await pollUntil(limitMs, signal, async () => {
    last = await readStatus(client, parts, signal)
    // a helper that was refused rests ever longer between its tries; it has just been given the right
    if (
      !asked &&
      parts.ramChanged &&
      parts.statusConfigMap &&
      last?.registries.some(({ state }) => state === 'failing')
    ) {
      asked = true
      await requestRefresh(client, { namespace: parts.namespace, name: parts.statusConfigMap }, new Date(), signal)
    }
    const current = last !== undefined && (parts.configHash === undefined || last.configHash === parts.configHash)
    if (last !== undefined && !current && !pushed) {
      pushed = true
      await pushConfig(client, parts, signal)
    }
    for (const { key, patienceMs, error } of findCauses({ ...parts, pods: [], status: last })) {
      const begin = since.get(key) ?? performance.now()
      since.set(key, begin)
      if (performance.now() - begin >= patienceMs) throw error
    }
    return current && (last?.registries.every(({ state }) => state === 'live') ?? false)
  })
  if (waited !== undefined && last !== undefined) return last
  throw new NopassError('VERIFY_STATUS', describeStatus(last, parts.configHash, limitMs))
}

function describeStatus(status: HelperStatus | undefined, hash: string | undefined, limitMs: number): string {
  const time = `after ${Math.round(limitMs / 1000)} s`
  if (status === undefined) return `the helper has written no report ${time}`
  if (hash !== undefined && status.configHash !== hash)
    return `the helper still works with an older configuration ${time}`
  const bad = status.registries.filter(({ state }) => state !== 'live')
  return `${bad.map(({ name, state, error }) => `registry ${name} is ${state}${error ? ` (${error.message})` : ''}`).join('; ')} ${time}`
}

async function probe(request: VerifyRequest, namespace: string, signal: AbortSignal): Promise<readonly string[]> {
  const { client, secretName, limitMs, report } = request
  const secretMs = await waitForSecret(client, { namespace, name: secretName }, limitMs, signal)
  if (secretMs === undefined) {
    throw new NopassError(
      'VERIFY_SECRET',
      `Secret ${secretName} did not appear in a new namespace in ${limitMs / 1000} s`,
    )
  }
  const notes = [`a new namespace had its Secret after ${Math.round(secretMs)} ms`]
  notes.push(await verifyAttachment(request, namespace, signal))
  if (request.image !== undefined) notes.push(await verifyImage(client, namespace, request.image, limitMs, signal))
  for (const note of notes) report(note)
  return notes
}

/** A Pod that is only tried (dry run) must get the reference from the admission policy or from its ServiceAccount. */
async function verifyAttachment(request: VerifyRequest, namespace: string, signal: AbortSignal): Promise<string> {
  const { client, secretName } = request
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'probe' },
    spec: { containers: [{ name: 'probe', image: 'probe.invalid/probe', ...RESTRICTED_CONTAINER }] },
  }
  let refused: string | undefined
  const waited = await pollUntil(request.limitMs, signal, async () => {
    try {
      const answer = await client.request<{ spec: { imagePullSecrets?: readonly { name: string }[] } }>(
        { method: 'POST', path: `/api/v1/namespaces/${namespace}/pods`, query: { dryRun: 'All' }, body: pod },
        signal,
      )
      return answer.spec.imagePullSecrets?.some(({ name }) => name === secretName) ?? false
    } catch (error) {
      // The default ServiceAccount of a new namespace takes a moment to appear.
      if (error instanceof KubeApiError && error.status === 403 && /serviceaccount/i.test(error.message)) return false
      if (!(error instanceof KubeApiError) || error.status === 0) throw error
      refused = error.message
      return true
    }
  })
  if (refused !== undefined) return `the reference was not checked: a Pod is refused there (${refused})`
  if (waited !== undefined) return `a new Pod had the reference after ${Math.round(waited)} ms`
  throw new NopassError(
    'VERIFY_ATTACH',
    `a new Pod did not get the reference to ${secretName} in ${request.limitMs / 1000} s`,
  )
}
