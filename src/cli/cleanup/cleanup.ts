import { NopassError } from '../../errors.ts'
import { askForName, findRelease } from '../../installation/find-release.ts'
import type { KubeClient } from '../../kube/client.ts'
import { DEFAULT_SECRET_NAME, releaseSelector } from '../../kube/names.ts'
import { createReader, type Reader } from '../../kube/read/reader.ts'
import { type KubeObject, keyOf, namespacedPath } from '../../kube/types.ts'
import { confirmationOf } from '../../lib/confirmation.ts'
import { quoted, type ShellCommand, shell } from '../../lib/shell-command.ts'
import { printable } from '../../printable.ts'
import {
  findLeftovers,
  type Leftovers,
  type Removed,
  removeLeftovers,
  WHY_COPY,
} from '../../rollout/uninstall/leftovers.ts'
import { describeNamingPods, findNamingPods, type NamingPods } from '../../rollout/uninstall/naming-pods.ts'
import { connectToWrite } from '../connect.ts'
import { type CliHost, type CommonFlags, EXIT, writeResult } from '../program/cli-host.ts'
import type { ConnectFlags, ReleaseFlags } from '../program/command.ts'

/**
 * Lists what would be removed. Removes it if the user confirmed. Returns 1 if something is left.
 */
export async function cleanup(flags: CleanupFlags & CommonFlags, host: CliHost): Promise<number> {
  if (flags.legacy) {
    throw new NopassError('INPUT_INVALID', '--detach and --legacy clean up different things', {
      hint: 'Give one of the two.',
    })
  }
  if (!flags.detach) {
    throw new NopassError('INPUT_MISSING', 'nothing to clean up was specified', { hint: 'Add --detach, or --legacy.' })
  }
  using connected = await connectToWrite(flags, host)
  const { client } = connected
  const { namespace, release, secretName, toName } = await describeRelease(client, flags, host)
  const own = { secretName, instance: `${namespace}.${release}`, all: flags.all === true }
  const caller = { client, signal: host.signal }
  const plan = await findLeftovers(caller, own)
  const pods = plan.secrets.length === 0 ? NO_PODS : await findNamingPods(caller, own, plan.secrets)
  const name = `${namespace}/${release}`
  const isDryRun = flags.dryRun || flags.confirm === undefined
  if (!isDryRun) requireConfirmation(flags, { namespace, release, toName })
  if (plan.secrets.length > 0) {
    // The Pods are listed before the first write, which an interrupt or an error may follow.
    const stream = flags.output === 'json' ? host.stderr : host.stdout
    if (flags.output !== 'json' || !isDryRun) stream.write(`${printable(describeNamingPods(pods, secretName))}\n`)
  }
  const removed = isDryRun ? planned(plan) : await removeLeftovers(caller, secretName, plan)
  const run = { release: name, secretName, dryRun: isDryRun, pods: pods ?? null, hint: toName }
  const report = describeResult(run, plan, removed)
  writeResult(host, flags, report, () => render(report, host.program))
  return report.left.length > 0 ? EXIT.failed : EXIT.ok
}

/** @throws INPUT_CONFIRM */
function requireConfirmation(
  { confirm }: CleanupFlags,
  {
    namespace,
    release,
    toName,
  }: { readonly namespace: string; readonly release: string; readonly toName: string | null },
): void {
  // Before 1.0 the confirmation was the namespace and the release. If the release's name is a
  // number, this old form could be the present confirmation of another release.
  if (confirm === `${namespace}/${release}` && !/^\d+$/.test(release)) return
  const desired = confirmationOf(release, 1)
  // The confirmation does not contain the namespace, so it counts only for a release that was found
  // or named.
  if (confirm === desired && toName === null) return
  const flags = toName === null ? '' : `--namespace ${namespace} --release ${release} `
  throw new NopassError('INPUT_CONFIRM', `this cleanup needs ${flags}--confirm ${desired}`, {
    hint: toName ?? `Add --confirm ${desired}.`,
  })
}

/**
 * @throws HELPER_AT_WORK while a helper would restore everything, CLEANUP_UNREADABLE when that
 * cannot be read
 */
async function describeRelease(client: KubeClient, flags: CleanupFlags, host: CliHost) {
  const reader = createReader(client, host.signal)
  const { chosen, others } = await findRelease(reader, { namespace: flags.namespace, release: flags.release })
  requireRead(reader)
  const isNamed = flags.namespace !== undefined && flags.release !== undefined
  const toName = chosen === undefined && !isNamed ? (askForName(others) ?? null) : null
  const namespace = chosen?.namespace ?? flags.namespace ?? 'acr-nopass'
  const release = chosen?.name ?? flags.release ?? 'acr-nopass'
  const secretName = flags.secretName ?? chosen?.config?.secretName ?? DEFAULT_SECRET_NAME
  const { config } = chosen ?? {}
  // If the release's values have another secret name, its helper has no right to these Secrets.
  const found = { namespace, release, secretName, toName }
  if (config?.retire || (config !== undefined && config.secretName !== secretName)) return found
  // The search is by labels, because a helper may run without its ConfigMap, and Pods may outlive
  // their Deployment.
  const query = { labelSelector: releaseSelector(release) }
  const list = async (what: string, prefix: string, plural: string): Promise<readonly Running[]> =>
    (await reader.list(`${what} of namespace ${namespace}`, namespacedPath(prefix, namespace, plural), { query })) ?? []
  const deployments = await list('Deployments', '/apis/apps/v1', 'deployments')
  const pods = await list('Pods', '/api/v1', 'pods')
  requireRead(reader)
  const isEnded = ({ status }: Running): boolean => status?.phase === 'Succeeded' || status?.phase === 'Failed'
  if (deployments.some(({ spec }) => spec?.replicas !== 0) || !pods.every(isEnded)) {
    throw new NopassError('HELPER_AT_WORK', `the helper of ${namespace}/${release} still runs`)
  }
  return found
}

const NO_PODS: NamingPods = { count: 0, only: [] }

/** What a confirmed run would remove. */
function planned({ accounts, secrets }: Leftovers): Removed {
  const keysOf = (objects: readonly KubeObject[]): readonly string[] => objects.map(({ metadata }) => keyOf(metadata))
  return { detached: keysOf(accounts), deleted: keysOf(secrets), left: [] }
}

/** A Deployment or a Pod. */
interface Running {
  readonly spec?: { readonly replicas?: number }
  readonly status?: { readonly phase?: string }
}

/** @throws CLEANUP_UNREADABLE, because a release that cannot be read may be running */
function requireRead({ unread: [first] }: Reader): void {
  if (first !== undefined) throw new NopassError('CLEANUP_UNREADABLE', `not readable: ${first.what} (${first.why})`)
}

function describeResult(
  run: {
    readonly release: string
    readonly secretName: string
    readonly dryRun: boolean
    /** Null: not readable. */
    readonly pods: NamingPods | null
    /**
     * The releases of which the user has to name one, because no cluster-scoped object proves that
     * the chart installed them.
     */
    readonly hint: string | null
  },
  { kept, copies }: Leftovers,
  { detached, deleted, left }: Removed,
) {
  return {
    ...run,
    serviceAccounts: detached,
    secrets: deleted,
    kept: kept.map(({ account, ...reason }) => ({ serviceAccount: keyOf(account.metadata), ...reason })),
    /** Secrets with the release's labels that another client wrote. */
    copies,
    left,
  }
}

function render(report: ReturnType<typeof describeResult>, program: string): string {
  const { serviceAccounts, secrets, kept, copies, left, dryRun, release, secretName, hint } = report
  const verb = (would: string, did: string): string => (dryRun ? `would ${would}` : did)
  const lines = [
    ...serviceAccounts.map((name) => `${verb('detach', 'detached')} ServiceAccount ${name}`),
    ...secrets.map((name) => `${verb('delete', 'deleted')} Secret ${name}`),
    ...kept.map(({ serviceAccount, why, removable }) => {
      const all = removable ? ' (--all removes it)' : ''
      return `kept ServiceAccount ${serviceAccount} with its entry ${secretName}: ${why}${all}`
    }),
    ...copies.map((name) => `kept Secret ${name}: ${WHY_COPY}`),
    ...left.map((line) => `left: ${line}`),
  ]
  const unnamed = hint === null ? [] : [hint]
  if (lines.length === 0) return `${[`nothing of ${release} is left`, ...unnamed].map(printable).join('\n')}\n`
  const isOpen = dryRun && serviceAccounts.length + secrets.length > 0
  const confirmed = confirmedCommand(release) ?? shell`cleanup --detach --confirm …`
  const next = isOpen ? [`nothing was changed; to make these changes: ${program} ${confirmed} …`] : []
  return `${[...lines, ...unnamed, ...next].map(printable).join('\n')}\n`
}

/**
 * Returns the command with the release's name, so that a pasted command removes exactly what was
 * listed.
 */
function confirmedCommand(name: string): ShellCommand | undefined {
  const [namespace, release] = name.split('/')
  const confirmation = release === undefined ? undefined : quoted(confirmationOf(release, 1))
  return shell`cleanup --detach --namespace ${namespace} --release ${release} --confirm ${confirmation}`
}

export interface CleanupFlags extends ConnectFlags, ReleaseFlags {
  readonly detach?: boolean
  readonly all?: boolean
  readonly legacy?: boolean
  readonly yes?: boolean
  readonly abandon?: readonly string[]
  readonly secretName?: string
  readonly dryRun?: boolean
  readonly confirm?: string
}
