import { createHttpSender } from '../../alibaba/transport/http-sender.ts'
import { NopassError } from '../../errors.ts'
import { createReader } from '../../kube/read/reader.ts'
import { keyOf } from '../../kube/types.ts'
import { confirmationOf } from '../../lib/confirmation.ts'
import { quoted, shell, shellWords } from '../../lib/shell-command.ts'
import { findPublic } from '../../migrate/find-public.ts'
import { readConfigMap, usedPatterns } from '../../migrate/import/read-settings.ts'
import type { LegacyFacts } from '../../migrate/remove/collect-facts.ts'
import { findDependents } from '../../migrate/remove/find-dependents.ts'
import type { Configured } from '../../migrate/remove/find-uncovered.ts'
import { type ForeignHost, findForeignHosts } from '../../migrate/remove/foreign-hosts.ts'
import { describeLeft, type LeftSecret } from '../../migrate/remove/left-secrets.ts'
import { LEGACY_HELPER } from '../../migrate/remove/legacy-facts.ts'
import { type Dependent, readOurSide } from '../../migrate/remove/our-side.ts'
import { withAdmission } from '../../migrate/remove/reach.ts'
import { readLegacy } from '../../migrate/remove/read-cluster.ts'
import { describePlan, planRemoval, removeLegacy } from '../../migrate/remove/remove-legacy.ts'
import { printable } from '../../printable.ts'
import { type Connected, connectToWrite } from '../connect.ts'
import { type CliHost, type CommonFlags, EXIT, writeResult } from '../program/cli-host.ts'
import type { CleanupFlags } from './cleanup.ts'

/**
 * Lists what depends on the old helper and what would be removed. Removes it if the user confirmed
 * and nothing depends on it.
 */
export async function cleanupLegacy(flags: CleanupFlags & CommonFlags, host: CliHost): Promise<number> {
  requireConfirmation(flags)
  using connected = await connectToWrite(flags, host)
  const { facts, ours, dependents } = await observeLegacy(connected, flags, host)
  const plan = planRemoval(facts)
  const steps = describePlan(plan)
  const isConfirmed = ({ confirm }: Dependent): boolean =>
    confirm !== undefined && (flags.abandon ?? []).includes(confirm)
  // If there is nothing to remove, no dependent loses anything.
  const needed = steps.length === 0 ? [] : dependents
  const open = needed.filter((one) => !isConfirmed(one))
  const isDryRun = flags.dryRun === true || (flags.yes !== true && flags.confirm === undefined)
  const caller = { client: connected.client, signal: host.signal }
  const removed = isDryRun || open.length > 0 ? undefined : await removeLegacy(caller, plan)
  const now =
    removed === undefined ? facts : await readLegacy(createReader(caller.client, host.signal), { toRemove: true })
  const back = removed === undefined || removed.left.length > 0 ? [] : findBack(now)
  const report: LegacyReport = {
    dryRun: isDryRun,
    dependents: open,
    abandoned: needed.filter(isConfirmed),
    plan: steps,
    done: removed?.done ?? [],
    kept: plan.kept.map(({ account, manager }) => ({ serviceAccount: keyOf(account.metadata), manager })),
    shared: plan.shared,
    left: [...(removed?.left ?? []), ...back],
    foreign: steps.length === 0 ? [] : findForeignHosts(facts, ours),
    secrets: describeLeft(now),
  }
  writeResult(host, flags, report, () => renderLegacy(report, host.program))
  return open.length === 0 && report.left.length === 0 ? EXIT.ok : EXIT.failed
}

const CONFIRMATION = confirmationOf(LEGACY_HELPER, 1)

/** @throws INPUT_CONFIRM */
function requireConfirmation({ confirm, dryRun }: CleanupFlags): void {
  if (dryRun === true || confirm === undefined || confirm === CONFIRMATION) return
  throw new NopassError('INPUT_CONFIRM', `this cleanup needs --confirm ${CONFIRMATION}`, {
    hint: `Add --confirm ${CONFIRMATION}.`,
  })
}

/**
 * @throws LEGACY_UNREADABLE, because an object that cannot be read might depend on the old helper
 */
async function observeLegacy({ client, aheadMs }: Connected, flags: CleanupFlags, host: CliHost) {
  const reader = createReader(client, host.signal)
  const facts = await readLegacy(reader, { toRemove: true })
  // The API server's clock decides whether a credential has expired. Only a response shows that
  // clock.
  const now = Date.now() - (aheadMs() ?? 0)
  const side = await readOurSide(reader, { namespace: flags.namespace, release: flags.release }, now)
  const ours = await withAdmission(
    reader,
    side,
    facts.secrets.map(({ metadata }) => metadata.namespace),
  )
  // Nodes are read only for the region, which is not needed here.
  const unread = reader.unread.filter(({ what }) => what !== 'Nodes')
  if (unread.length > 0) {
    const list = [...new Set(unread.map(({ what }) => what))].join(', ')
    throw new NopassError('LEGACY_UNREADABLE', `not readable: ${list} (${unread[0]?.why})`)
  }
  const configured = configuredOf(facts)
  const found = findDependents(facts, ours, configured)
  const images = found.flatMap(({ image }) => image ?? [])
  const isPublic = await findPublic(createHttpSender({ proxyEnv: host.env }), images, host.signal)
  const dependents = findDependents(facts, ours, configured, (image) => isPublic.get(image) === true)
  return { facts, ours, dependents }
}

function configuredOf({ configuration }: LegacyFacts): Configured {
  const { settings } = (configuration && readConfigMap(configuration, '')) ?? {}
  if (settings !== undefined) return { entries: settings.entries, patterns: usedPatterns(settings) }
  return { entries: [], patterns: [], isUnknown: configuration !== undefined }
}

/** The managed add-on has no Pod in the cluster. Only its effects can be seen. */
function findBack(facts: LegacyFacts): readonly string[] {
  const count = planRemoval(facts).accounts.length
  if (count === 0) return []
  return [
    `${count} of the old references came back: the add-on is still running. Uninstall it in the ACK console, then run this again.`,
  ]
}

interface LegacyReport {
  readonly dryRun: boolean
  readonly dependents: readonly Dependent[]
  /** The dependents that the user named with --abandon. */
  readonly abandoned: readonly Dependent[]
  readonly plan: readonly string[]
  readonly done: readonly string[]
  /** Not changed, because another tool applies the list. */
  readonly kept: readonly { readonly serviceAccount: string; readonly manager: string }[]
  /** Not removed, because something else uses it too. */
  readonly shared: readonly string[]
  readonly left: readonly string[]
  /** Hosts of ACR from which something pulls without a login of the old helper. */
  readonly foreign: readonly ForeignHost[]
  /** The old Secrets. None of them is deleted. */
  readonly secrets: readonly LeftSecret[]
}

export function renderLegacy(report: LegacyReport, program: string): string {
  const { dryRun, dependents, abandoned, plan, done, kept, shared, left, foreign, secrets } = report
  if (plan.length === 0 && kept.length === 0 && secrets.length === 0) return "nothing of Alibaba's own helper is left\n"
  const keptLines = [
    ...kept.map(
      ({ serviceAccount, manager }) =>
        `kept ServiceAccount ${serviceAccount}: ${manager} applies its list; remove the old names from what it applies`,
    ),
    ...shared.map((line) => `kept ${line}`),
    ...foreign.map(renderForeign),
    ...secrets.map(renderSecret),
  ]
  const abandonedLines = abandoned.map(({ confirm, subject, why }) => {
    return `abandoned ${confirm}: ${subject.endsWith(confirm ?? '') ? '' : `${subject}: `}${why}`
  })
  if (dependents.length > 0) {
    const count = dependents.length === 1 ? '1 still depends' : `${dependents.length} still depend`
    return lines([
      `LEGACY_IN_USE: ${count} on the old helper; nothing was changed`,
      ...dependents.flatMap(({ subject, why, fix, command, ...more }) => [
        `${subject}: ${why}`,
        `  fix: ${fix}${command === undefined ? '' : ` ${command}`}`,
        ...abandonLine(more.confirm),
      ]),
      ...abandonedLines,
      '',
      'Once nothing depends on the old helper, these steps are done, in this order:',
      ...plan.map((line) => `  ${line}`),
      ...keptLines,
    ])
  }
  if (!dryRun) return lines([...abandonedLines, ...done, ...keptLines, ...left.map((line) => `left: ${line}`)])
  if (plan.length === 0) return lines(["nothing of Alibaba's own helper is left to remove", ...keptLines])
  return lines([
    ...abandonedLines,
    'nothing depends on the old helper any more; these steps would be done, in this order:',
    ...plan.map((line) => `  ${line}`),
    ...keptLines,
    `nothing was changed; to make these changes: ${program} ${shell`cleanup --legacy --confirm ${quoted(CONFIRMATION)}`} …`,
  ])
}

function renderForeign({ host, usedBy, others }: ForeignHost): string {
  const who = others === 0 ? usedBy : `${usedBy} and ${others} more`
  return `not checked: ${host}: ${who}: no old Secret there has a login for it, so it is public or pulled with another login`
}

/** Renders one line per Secret, because an old helper may have served every namespace. */
function renderSecret({ secret, namedBy, expiry, command }: LeftSecret): string {
  const [first, ...more] = namedBy
  const namers = `${first}${more.length === 0 ? '' : ` and ${more.length} more`}`
  const who =
    first === undefined ? 'nothing that was read names it' : `${namers} names it`.replace(/more names/, 'more name')
  return `kept Secret ${secret}: ${who}; ${expiry}${command === undefined ? '' : `. To delete it: ${command}`}`
}

function lines(all: readonly string[]): string {
  return `${all.map(printable).join('\n')}\n`
}

function abandonLine(confirm: string | undefined): readonly string[] {
  if (confirm === undefined) return []
  const flag = shellWords`--abandon ${quoted(confirm)}`
  return [
    `  or, if it is no longer needed: ${flag?.text ?? 'remove it by hand: its name cannot be written in a command'}`,
  ]
}
