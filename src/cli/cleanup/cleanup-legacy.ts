import { NopassError } from '../../errors.ts'
import type { KubeClient } from '../../kube/client.ts'
import { keyOf } from '../../kube/types.ts'
import { readConfigMap } from '../../migrate/import/read-config-map.ts'
import { findDependents } from '../../migrate/remove/find-dependents.ts'
import type { Dependent } from '../../migrate/remove/judge-ours.ts'
import type { LegacyFacts } from '../../migrate/remove/legacy-facts.ts'
import { readOurSide } from '../../migrate/remove/our-side.ts'
import { describePlan, planRemoval } from '../../migrate/remove/plan-removal.ts'
import { readLegacy } from '../../migrate/remove/read-cluster.ts'
import { removeLegacy } from '../../migrate/remove/remove-legacy.ts'
import { createReader } from '../../release/reader.ts'
import { connectToWrite } from '../connect.ts'
import { EXIT } from '../program/exit-codes.ts'
import type { CliHost, CommonFlags } from '../program/host.ts'
import type { CleanupFlags } from './cleanup.ts'
import { type LegacyReport, renderLegacy } from './render-legacy.ts'

/** Lists what depends on the old helper and what would be removed; with --yes, if nothing depends on it, removes it. */
export async function cleanupLegacy(flags: CleanupFlags & CommonFlags, host: CliHost): Promise<number> {
  const { client, aheadMs } = await connectToWrite(flags, host)
  // Whether a credential has expired is decided by the API server's clock.
  const now = (): number => Date.now() - (aheadMs() ?? 0)
  try {
    const { facts, dependents } = await observe(client, flags, host, now)
    const plan = planRemoval(facts)
    const isDryRun = flags.dryRun === true || flags.yes !== true
    const isFree = dependents.length === 0
    const again = async (): Promise<readonly Dependent[]> => (await observe(client, flags, host, now)).dependents
    const removed = isDryRun || !isFree ? undefined : await removeLegacy(client, plan, again, host.signal)
    const back = removed === undefined || removed.left.length > 0 ? [] : await findBack(client, flags, host, now)
    const report: LegacyReport = {
      dryRun: isDryRun,
      dependents,
      plan: describePlan(plan),
      done: removed?.done ?? [],
      kept: plan.kept.map(({ account, manager }) => ({ serviceAccount: keyOf(account.metadata), manager })),
      shared: plan.shared,
      left: [...(removed?.left ?? []), ...back],
    }
    host.stdout.write(
      flags.output === 'json' ? `${JSON.stringify(report, null, 2)}\n` : renderLegacy(report, host.program),
    )
    return isFree && report.left.length === 0 ? EXIT.ok : EXIT.failed
  } finally {
    client.close()
  }
}

/** @throws NopassError `LEGACY_UNREADABLE`, because what cannot be read might depend on it */
async function observe(
  client: KubeClient,
  flags: CleanupFlags,
  host: CliHost,
  now: () => number,
): Promise<{ readonly facts: LegacyFacts; readonly dependents: readonly Dependent[] }> {
  const reader = createReader(client, host.signal)
  const facts = await readLegacy(reader, client, host.signal)
  const ours = await readOurSide(reader, { namespace: flags.namespace, release: flags.release }, now())
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
async function findBack(
  client: KubeClient,
  flags: CleanupFlags,
  host: CliHost,
  now: () => number,
): Promise<readonly string[]> {
  const { facts } = await observe(client, flags, host, now)
  const { secrets, accounts } = planRemoval(facts)
  const count = secrets.length + accounts.length
  if (count === 0) return []
  return [
    `${count} of the old Secrets and references came back: the add-on is still at work. Uninstall it in the ACK console, then run this again.`,
  ]
}
