import { NopassError } from '../../errors.ts'
import { keyOf } from '../../kube/types.ts'
import { readConfigMap } from '../../migrate/import/read-settings.ts'
import type { LegacyFacts } from '../../migrate/remove/collect-facts.ts'
import { findDependents } from '../../migrate/remove/find-dependents.ts'
import { type Dependent, readOurSide } from '../../migrate/remove/our-side.ts'
import { readLegacy } from '../../migrate/remove/read-cluster.ts'
import { describePlan, planRemoval, removeLegacy } from '../../migrate/remove/remove-legacy.ts'
import { printable } from '../../printable.ts'
import { createReader } from '../../release/reader.ts'
import { type Connected, connectToWrite } from '../connect.ts'
import { type CliHost, type CommonFlags, EXIT, writeResult } from '../program/cli-host.ts'
import type { CleanupFlags } from './cleanup.ts'

/** Lists what depends on the old helper and what would be removed; with --yes, if nothing depends on it, removes it. */
export async function cleanupLegacy(flags: CleanupFlags & CommonFlags, host: CliHost): Promise<number> {
  using connected = await connectToWrite(flags, host)
  const read = () => observe(connected, flags, host)
  const { facts, dependents } = await read()
  const plan = planRemoval(facts)
  const isDryRun = flags.dryRun === true || flags.yes !== true
  const isFree = dependents.length === 0
  const caller = { client: connected.client, signal: host.signal }
  const again = async () => (await read()).dependents
  const removed = isDryRun || !isFree ? undefined : await removeLegacy(caller, plan, again)
  const back = removed === undefined || removed.left.length > 0 ? [] : findBack((await read()).facts)
  const report: LegacyReport = {
    dryRun: isDryRun,
    dependents,
    plan: describePlan(plan),
    done: removed?.done ?? [],
    kept: plan.kept.map(({ account, manager }) => ({ serviceAccount: keyOf(account.metadata), manager })),
    shared: plan.shared,
    left: [...(removed?.left ?? []), ...back],
  }
  writeResult(host, flags, report, () => renderLegacy(report, host.program))
  return isFree && report.left.length === 0 ? EXIT.ok : EXIT.failed
}

/** @throws LEGACY_UNREADABLE, because what cannot be read might depend on it */
async function observe({ client, aheadMs }: Connected, flags: CleanupFlags, host: CliHost) {
  const reader = createReader(client, host.signal)
  const facts = await readLegacy(reader)
  // Whether a credential has expired is decided by the API server's clock, which only a response shows.
  const now = Date.now() - (aheadMs() ?? 0)
  const ours = await readOurSide(reader, { namespace: flags.namespace, release: flags.release }, now)
  // Nodes tell the region, which is of no interest here.
  const unread = reader.unread.filter(({ what }) => what !== 'Nodes')
  if (unread.length > 0) {
    const list = [...new Set(unread.map(({ what }) => what))].join(', ')
    throw new NopassError('LEGACY_UNREADABLE', `not readable: ${list} (${unread[0]?.why})`)
  }
  return { facts, dependents: findDependents(facts, ours, legacyDomains(facts)) }
}

function legacyDomains({ configuration }: LegacyFacts): readonly string[] {
  const read = configuration && readConfigMap(configuration, '')
  return (read?.settings?.entries ?? []).flatMap(({ domains }) => domains)
}

/** The managed add-on has no Pod in the cluster: it is only seen by what it does. */
function findBack(facts: LegacyFacts): readonly string[] {
  const { secrets, accounts } = planRemoval(facts)
  const count = secrets.length + accounts.length
  if (count === 0) return []
  return [
    `${count} of the old Secrets and references came back: the add-on is still running. Uninstall it in the ACK console, then run this again.`,
  ]
}

interface LegacyReport {
  readonly dryRun: boolean
  readonly dependents: readonly Dependent[]
  readonly plan: readonly string[]
  readonly done: readonly string[]
  /** Left alone, because another tool applies the list. */
  readonly kept: readonly { readonly serviceAccount: string; readonly manager: string }[]
  /** Left alone, because something else uses it too. */
  readonly shared: readonly string[]
  readonly left: readonly string[]
}

export function renderLegacy(report: LegacyReport, program: string): string {
  const { dryRun, dependents, plan, done, kept, shared, left } = report
  if (plan.length === 0 && kept.length === 0 && dependents.length === 0)
    return "nothing of Alibaba's own helper is left\n"
  const keptLines = [
    ...kept.map(
      ({ serviceAccount, manager }) =>
        `kept ServiceAccount ${serviceAccount}: ${manager} applies its list; remove the old names from what it applies`,
    ),
    ...shared.map((line) => `kept ${line}`),
  ]
  if (dependents.length > 0) {
    const count = dependents.length === 1 ? '1 still depends' : `${dependents.length} still depend`
    return lines([
      `LEGACY_IN_USE: ${count} on the old helper; nothing was changed`,
      ...dependents.flatMap(({ subject, why, fix, command }) => [
        `${subject}: ${why}`,
        `  fix: ${fix}${command === undefined ? '' : ` ${command}`}`,
      ]),
      '',
      'When they no longer do, this is what is removed, in this order:',
      ...plan.map((line) => `  ${line}`),
      ...keptLines,
    ])
  }
  if (!dryRun) return lines([...done, ...keptLines, ...left.map((line) => `left: ${line}`)])
  return lines([
    'nothing depends on the old helper any more; this would be done, in this order:',
    ...plan.map((line) => `  ${line}`),
    ...keptLines,
    `nothing was changed; to do it: ${program} cleanup --legacy --yes …`,
  ])
}

function lines(all: readonly string[]): string {
  return `${all.map(printable).join('\n')}\n`
}
