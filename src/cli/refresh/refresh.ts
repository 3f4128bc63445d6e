import { NopassError } from '../../errors.ts'
import { requireRelease } from '../../installation/find-release.ts'
import {
  type HelperStatus,
  handledRefreshOf,
  type RegistryStatus,
  refreshRequestedAt,
  requestRefresh,
  type StatusObject,
} from '../../installation/helper-status.ts'
import { readReport } from '../../installation/read-report.ts'
import type { KubeCaller } from '../../kube/client.ts'
import { pollUntil } from '../../kube/poll-until.ts'
import { createReader } from '../../kube/read/reader.ts'
import { namespacedPath } from '../../kube/types.ts'
import { parseGoDuration } from '../../lib/go-duration.ts'
import { connectToWrite } from '../connect.ts'
import { type CliHost, type CommonFlags, EXIT, writeResult } from '../program/cli-host.ts'
import type { ConnectFlags, ReleaseFlags } from '../program/command.ts'

/** Requests a rotation and waits for its result. Returns 1 if a registry issued no new token. */
export async function refresh(flags: RefreshFlags & CommonFlags, host: CliHost): Promise<number> {
  const limitMs = parseGoDuration(flags.timeout, '--timeout') * 1000
  using connected = await connectToWrite(flags, host)
  const { client, aheadMs } = connected
  const { namespace, release: name } = flags
  const release = await requireRelease(createReader(client, host.signal), { namespace, release: name })
  if (release.config?.helper.enabled === false) {
    const message = `${release.namespace}/${release.name} has \`helper.enabled: false\`, so there is no helper`
    throw new NopassError('REFRESH_UNCONFIRMED', message, {
      hint: 'Nodes request new logins themselves, when they pull.',
    })
  }
  if (release.config?.retire) {
    const message = `${release.namespace}/${release.name} has \`retire: true\`, so its helper requests no tokens`
    throw new NopassError('REFRESH_UNCONFIRMED', message, {
      hint: 'Set `retire: false` in the values and deploy them.',
    })
  }
  const object = {
    namespace: release.namespace,
    name: release.config?.release.status ?? `${release.fullname}-status`,
  }
  const at = serverTime(Date.now(), aheadMs())
  await requestRefresh({ client, signal: host.signal }, object, at)
  if (!flags.wait) {
    writeResult(host, flags, { asked: at.toISOString() }, () => 'requested new tokens\n')
    return EXIT.ok
  }
  // A limited registry has no credential while no namespace needs it.
  const always = (release.config?.registries ?? []).filter(({ limit }) => limit !== 'repositories')
  const names = always.map(({ name }) => name)
  const expected = { before: release.status, names, limitMs }
  const registries = await waitForTokens({ client, signal: host.signal }, object, expected)
  writeResult(host, flags, { registries }, () =>
    registries.map((registry) => `${describeRefreshed(registry)}\n`).join(''),
  )
  return registries.some(({ error }) => error !== undefined) ? EXIT.failed : EXIT.ok
}

/**
 * Returns the API server's time. The helper replaces tokens that were issued before this time, so a
 * wrong clock of this machine must not matter. One second is added because a `Date` header has
 * whole seconds.
 */
export function serverTime(now: number, aheadMs = 0): Date {
  return new Date(now - aheadMs + 1000)
}

/**
 * Waits until the helper has handled the request, and returns its report of each registry.
 * @throws REFRESH_UNCONFIRMED also if the report lacks a registry of the configuration
 */
export async function waitForTokens(
  { client, signal }: KubeCaller,
  object: { readonly namespace: string; readonly name: string },
  {
    before,
    names,
    limitMs,
  }: { readonly before: HelperStatus | undefined; readonly names: readonly string[]; readonly limitMs: number },
): Promise<readonly RegistryStatus[]> {
  const path = namespacedPath('/api/v1', object.namespace, 'configmaps', object.name)
  let registries: readonly RegistryStatus[] = []
  let absent: readonly string[] = []
  const waited = await pollUntil(limitMs, signal, async () => {
    const found = await client.request<StatusObject>({ method: 'GET', path }, signal)
    const { status, unreadable } = readReport(found)
    const isComplete = !unreadable.some((place) => place.startsWith('registries'))
    registries = status?.registries ?? []
    const isDone = status !== undefined && isHandled(status, refreshRequestedAt(found), before)
    absent = isDone ? names.filter((name) => !registries.some((registry) => registry.name === name)) : []
    return isDone && isComplete && absent.length === 0
  })
  if (waited !== undefined) return registries
  const which = absent.length === 0 ? '' : ` for registry ${absent.join(', ')}`
  const message = `no new tokens were reported in ${Math.round(limitMs / 1000)} s${which}`
  throw new NopassError('REFRESH_UNCONFIRMED', message)
}

/** True if the helper reports that it has handled our request or a later one. */
export function isHandled(
  status: HelperStatus,
  requestedAt: number | undefined,
  before: HelperStatus | undefined,
): boolean {
  const handled = handledRefreshOf(status)
  if (handled !== undefined) return handled === requestedAt
  // A helper of 1.0.0 only shows that a registry's status has changed. A static login's status does
  // not change.
  const known = new Set(before?.registries.map((registry) => JSON.stringify(registry)))
  return status.registries.every((registry) => registry.edition === 'static' || !known.has(JSON.stringify(registry)))
}

export function describeRefreshed({ name, issuedAt, expiresAt, error, triedAt }: RegistryStatus): string {
  if (error !== undefined) {
    const isAsBefore = triedAt !== undefined && Date.parse(triedAt) > Date.parse(error.at)
    const tried = isAsBefore ? `failed again at ${triedAt}, first at ${error.at}: ` : ''
    return `${name}: ${tried}${error.code}: ${error.message}\n  fix: ${error.fix}`
  }
  return `${name}: ${issuedAt === undefined ? 'a fixed login' : `token of ${issuedAt}`}${expiresAt ? `, until ${expiresAt}` : ''}`
}

export interface RefreshFlags extends ConnectFlags, ReleaseFlags {
  /** A duration in Go's format, such as `90s`. */
  readonly timeout: string
  /** False with --no-wait. */
  readonly wait: boolean
}
