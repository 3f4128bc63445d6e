import { NopassError } from '../../errors.ts'
import type { HelperPod } from '../../installation/helper-pod.ts'
import { type HelperStatus, itemsOf, type RegistryStatus, requestRefresh } from '../../installation/helper-status.ts'
import { type Cause, createCauseTimer, findCauses } from '../../installation/release-causes.ts'
import { readPods, readStatusReport, type WatchedRelease } from '../../installation/release-watch.ts'
import { unlessStatus } from '../../kube/api-error.ts'
import type { KubeCaller } from '../../kube/client.ts'
import { pollUntil } from '../../kube/poll-until.ts'
import { pushConfig } from '../release/push-config.ts'

export interface StatusRequest extends KubeCaller {
  readonly parts: WatchedRelease
  /**
   * Names of the registries in the deployed configuration. Each of them must be in the report,
   * except limited registries that no namespace needs.
   */
  readonly registries: readonly string[]
  /** Names of the registries with `limit: repositories`. */
  readonly limited?: readonly string[]
  /** Epoch milliseconds. */
  readonly now: () => number
  /** The limit for each of the waits (milliseconds). */
  readonly limitMs: number
}

/**
 * A restarted Pod may become ready again. So a Pod that is not ready fails the verification only
 * after this time (milliseconds).
 */
const POD_PATIENCE_MS = 20_000

/** A report that shows a working helper, and the checks that could not be made. */
interface Verified {
  readonly status: HelperStatus
  readonly unchecked: readonly string[]
}

/**
 * Waits until a helper runs, and reports every registry as live with the deployed configuration and
 * a credential that has not expired. The status ConfigMap outlives a dead helper, so a ready Pod is
 * required too.
 */
export async function verifyStatus(request: StatusRequest): Promise<Verified> {
  const { parts, limitMs, signal } = request
  const lastingCause = createCauseTimer()
  let last: HelperStatus | undefined
  let trouble: string | undefined
  let running = false
  let isHidden = false
  let refreshRequested = false
  let pushed = false
  const waited = await pollUntil(limitMs, signal, async () => {
    const [pods, { status, unreadable }] = await Promise.all([
      listPods(request, parts),
      readStatusReport(request, parts),
    ])
    last = status
    trouble = findTrouble(request, status, unreadable)
    isHidden = pods === undefined
    running = pods === undefined || pods.some(({ ready }) => ready)
    // The backoff of a refused helper may be long, although its permission has just been granted.
    // So a refresh is requested.
    if (
      !refreshRequested &&
      parts.ramChanged &&
      parts.statusConfigMap &&
      last?.registries.some(({ state }) => state === 'failing')
    ) {
      refreshRequested = true
      await requestRefresh(request, { namespace: parts.namespace, name: parts.statusConfigMap }, new Date())
    }
    const current = last !== undefined && (parts.configHash === undefined || last.configHash === parts.configHash)
    if (last !== undefined && !current && !pushed) {
      pushed = true
      await pushConfig(request, parts)
    }
    const causes = [
      ...findCauses({ ...parts, pods: [], status: last }),
      ...(running ? [] : findCauses({ ...parts, pods: pods ?? [], status: undefined }).map(patiently)),
    ]
    const lasting = lastingCause(causes)
    if (lasting) throw lasting.error
    return running && trouble === undefined
  })
  if (waited !== undefined && last !== undefined) {
    const why = parts.selector ? 'the deployer lacks the right to list Pods' : 'the chart has no Deployment of it'
    const hidden = isHidden ? [`whether a Pod of the helper is ready was not checked: ${why}`] : []
    const idle = absentFrom(last, request.limited ?? []).map(
      (name) => `registry ${name} was not checked: no namespace needs a credential of it yet`,
    )
    return { status: last, unchecked: [...hidden, ...idle] }
  }
  const time = `after ${Math.round(limitMs / 1000)} s`
  if (running) throw new NopassError('VERIFY_STATUS', `${trouble} ${time}`)
  const report = last === undefined ? '' : `; its last report is of ${last.updatedAt}`
  throw new NopassError('VERIFY_STATUS', `no Pod of the helper is ready ${time}${report}`)
}

/**
 * Returns undefined if the chart is not ours, or the deployer lacks the right to list Pods. The
 * status alone decides then.
 */
async function listPods(caller: KubeCaller, parts: WatchedRelease): Promise<readonly HelperPod[] | undefined> {
  return parts.selector && unlessStatus(readPods(caller, parts), 403)
}

const patiently = (cause: Cause): Cause => ({ ...cause, patienceMs: Math.max(cause.patienceMs, POD_PATIENCE_MS) })

/**
 * False for a refused credential. It may be in use because there is no better one, but its registry
 * does not count as working.
 */
function isInUse({ state, verified, expiresAt }: RegistryStatus, now: number): boolean {
  return state === 'live' && verified !== 'refused' && !(expiresAt !== undefined && Date.parse(expiresAt) <= now)
}

function absentFrom(status: HelperStatus, registries: readonly string[]): readonly string[] {
  return registries.filter((name) => itemsOf(status, name).length === 0)
}

/** Returns why the report does not show that all registries work. Undefined if it does. */
function findTrouble(
  { parts: { configHash: hash }, registries, limited = [], now }: StatusRequest,
  status: HelperStatus | undefined,
  unreadable: readonly string[],
): string | undefined {
  // Other parts, of a newer helper, say nothing about the registries.
  const unread = status === undefined ? unreadable : unreadable.filter((place) => place.startsWith('registries'))
  if (unread.length > 0) return `its report cannot be read (${unread.join(', ')})`
  if (status === undefined) return 'the helper has written no report'
  if (hash !== undefined && status.configHash !== hash) return 'the helper still uses an older configuration'
  const absent = absentFrom(status, registries).filter((name) => !limited.includes(name))
  const bad = status.registries.filter((registry) => !isInUse(registry, now()))
  const words = bad.map(({ name, state, verified, error, expiresAt }) =>
    state === 'live' && verified === 'refused'
      ? `registry ${name} rejects the credential in use`
      : state === 'live'
        ? `the credential of registry ${name} expired at ${expiresAt} and the helper has not replaced it`
        : `registry ${name} is ${state}${error ? ` (${error.message})` : ''}`,
  )
  const all = [...words, ...absent.map((name) => `registry ${name} is not in its report`)]
  return all.length === 0 ? undefined : all.join('; ')
}
