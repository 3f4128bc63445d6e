import { NopassError } from '../../errors.ts'
import type { KubeClient } from '../../kube/client.ts'
import { pollUntil } from '../../kube/poll-until.ts'
import { namespacedPath } from '../../kube/types.ts'
import { parseGoDuration } from '../../lib/go-duration.ts'
import { requireRelease } from '../../release/find-release.ts'
import {
  type HelperStatus,
  parseStatus,
  type RegistryStatus,
  requestRefresh,
  type StatusObject,
} from '../../release/helper-status.ts'
import { createReader } from '../../release/reader.ts'
import { connectToWrite } from '../connect.ts'
import { type CliHost, type CommonFlags, EXIT, writeResult } from '../program/cli-host.ts'
import type { ConnectFlags, ReleaseFlags } from '../program/command.ts'

/** Requests a rotation and waits for its result; returns 1 if a registry issued no new token. */
export async function refresh(flags: RefreshFlags & CommonFlags, host: CliHost): Promise<number> {
  const limitMs = parseGoDuration(flags.timeout, '--timeout') * 1000
  const { client, aheadMs } = await connectToWrite(flags, host)
  try {
    const { namespace, release: name } = flags
    const release = await requireRelease(createReader(client, host.signal), { namespace, release: name })
    const object = {
      namespace: release.namespace,
      name: release.config?.release.status ?? `${release.fullname}-status`,
    }
    const at = serverTime(Date.now(), aheadMs())
    await requestRefresh(client, object, at, host.signal)
    if (!flags.wait) {
      writeResult(host, flags, { asked: at.toISOString() }, () => 'asked for new tokens\n')
      return EXIT.ok
    }
    const registries = await waitForTokens(client, object, release.status, limitMs, host.signal)
    writeResult(host, flags, { registries }, () =>
      registries.map((registry) => `${describeRefreshed(registry)}\n`).join(''),
    )
    return registries.some(({ error }) => error !== undefined) ? EXIT.failed : EXIT.ok
  } finally {
    client.close()
  }
}

/** The helper replaces what was issued before this time, which a wrong clock of this machine must not decide; a `Date` header has whole seconds. */
export function serverTime(now: number, aheadMs = 0): Date {
  return new Date(now - aheadMs + 1000)
}

/** Waits until each registry has a new token, or reports why not after another try. */
async function waitForTokens(
  client: KubeClient,
  object: { readonly namespace: string; readonly name: string },
  before: HelperStatus | undefined,
  limitMs: number,
  signal: AbortSignal,
): Promise<readonly RegistryStatus[]> {
  const path = namespacedPath('/api/v1', object.namespace, 'configmaps', object.name)
  let registries: readonly RegistryStatus[] = []
  const waited = await pollUntil(limitMs, signal, async () => {
    registries = parseStatus(await client.request<StatusObject>({ method: 'GET', path }, signal))?.registries ?? []
    return registries.length > 0 && registries.every((registry) => isRefreshed(registry, before))
  })
  if (waited !== undefined) return registries
  throw new NopassError('REFRESH_UNCONFIRMED', `no new tokens were reported in ${Math.round(limitMs / 1000)} s`)
}

export function isRefreshed(registry: RegistryStatus, before: HelperStatus | undefined): boolean {
  const { name, edition, issuedAt, error, triedAt } = registry
  // A static credential has no token that could be newer.
  if (edition === 'static') return true
  const old = before?.registries.find((registry) => registry.name === name)
  if (issuedAt !== undefined && issuedAt !== old?.issuedAt) return true
  return error !== undefined && (error.at !== old?.error?.at || triedAt !== old?.triedAt)
}

export function describeRefreshed({ name, issuedAt, expiresAt, error, triedAt }: RegistryStatus): string {
  if (error !== undefined) {
    const isAsBefore = triedAt !== undefined && Date.parse(triedAt) > Date.parse(error.at)
    const tried = isAsBefore ? `tried at ${triedAt}, fails as before, since ${error.at}: ` : ''
    return `${name}: ${tried}${error.code}: ${error.message}\n  fix: ${error.fix}`
  }
  return `${name}: ${issuedAt === undefined ? 'a fixed login' : `token of ${issuedAt}`}${expiresAt ? `, until ${expiresAt}` : ''}`
}

export interface RefreshFlags extends ConnectFlags, ReleaseFlags {
  /** Go's form, such as `90s`. */
  readonly timeout: string
  /** False with --no-wait. */
  readonly wait: boolean
}
