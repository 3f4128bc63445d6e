import { collectUnverified, renderUnverified, type Unverified, type UnverifiedFact } from '../../alibaba/unverified.ts'
import { judgeRights, readRoles } from '../../doctor/checks/cloud-roles.ts'
import { issuerCandidates } from '../../doctor/checks/cluster-issuer.ts'
import { unreportedEntries } from '../../doctor/checks/registries.ts'
import type { CloudSnapshot } from '../../doctor/cloud/inspect-cloud.ts'
import { type Finding, isAllKnown, judgeHealth, type Severity } from '../../doctor/finding.ts'
import type { Observed, PluginNode } from '../../doctor/observed.ts'
import { hasPlugin } from '../../doctor/plugin-nodes.ts'
import { foldPodFindings } from '../../doctor/pod/fold-pod-findings.ts'
import { type CoverageStatus, itemsOf, type RegistryStatus } from '../../installation/helper-status.ts'
import type { Unread } from '../../kube/read/reader.ts'
import { pluralize, renderTable, summarize } from '../../lib/text.ts'
import { printable } from '../../printable.ts'
import { isLimited } from '../../values/limited-entries.ts'
import type { CliPaint } from '../program/terminal.ts'

/** Describes the cluster for `-o json`. Fields may be added, but never change their meaning. */
export function describeReport(observed: Observed, findings: readonly Finding[]): object {
  const { status } = observed.release ?? {}
  return {
    ...describeCommon(observed, findings),
    registries: status?.registries ?? [],
    namespaces: status?.namespaces ?? null,
    serviceAccounts: status?.serviceAccounts ?? null,
    nodes: observed.plugins?.nodes.map(describeNode) ?? null,
    findings,
    unread: observed.unread,
  }
}

function describeNode({ name, version, config, identity, calls, errors }: PluginNode): object {
  return { name, kubelet: version, config: config ?? null, identity: identity ?? null, calls, errors }
}

/** Returns the fields that the reports about a cluster and about one Pod share. */
export function describeCommon(observed: Observed, findings: readonly Finding[]): object {
  const { release, server, kubernetes, deployment, lease, cloud } = observed
  const { status } = release ?? {}
  return {
    healthy: judgeHealth(findings, observed.unread.length),
    server,
    kubernetes: kubernetes ?? null,
    release:
      release === undefined
        ? null
        : { namespace: release.namespace, name: release.name, verified: release.evidence === 'proven' },
    helper: {
      version: status?.version ?? null,
      replicas: deployment ?? null,
      leader: lease?.holder || null,
      attach: release?.config?.attach ?? status?.attach ?? null,
      reportedAt: status?.updatedAt ?? null,
    },
    cloud: describeCloud(cloud),
    unverified: doctorUnverified(observed),
  }
}

/**
 * Renders the report as text: the state, the findings from the worst on, then what could not be
 * checked.
 */
export function renderReport(
  observed: Observed,
  findings: readonly Finding[],
  paint: CliPaint,
  state: readonly string[] = [registryBlock(observed), coverageBlock(observed)],
): string {
  const blocks = [
    renderHeading(observed, paint),
    ...state,
    ...foldPodFindings(findings).map((finding) => renderFinding(finding, paint)),
    renderUnread(observed.unread),
    renderCloud(observed.cloud),
    renderUnverified(doctorUnverified(observed)),
    renderVerdict(findings, observed.unread.length, paint),
  ]
  return `${blocks.filter((block) => block !== '').join('\n\n')}\n`
}

/** Renders the release, the server and the state of the helper. */
function renderHeading({ release, server, kubernetes, deployment, lease }: Observed, paint: CliPaint): string {
  const where = printable(`${server}${kubernetes ? `, Kubernetes ${kubernetes}` : ''}`)
  if (release === undefined) return `${paint.bold('acr-nopass')} on ${where}`
  const { namespace, name, status, config, evidence } = release
  const parts = [
    ...(evidence === 'proven' ? [] : ['not verified that the chart installed it']),
    ...(status ? [`version ${status.version}`] : []),
    ...(deployment ? [`${deployment.available} of ${pluralize(deployment.wanted, 'replica')}`] : []),
    ...(lease?.holder ? [`leader ${lease.holder.split('_')[0]}`] : []),
    ...(config ? [config.helper.enabled ? `attach ${config.attach}` : 'helper off'] : []),
  ]
  return `${paint.bold(printable(`acr-nopass ${namespace}/${name}`))} on ${where}\n${printable(parts.join(', '))}`
}

function registryBlock({ release, now }: Observed): string {
  const registries = release?.status?.registries ?? []
  if (registries.length === 0) return ''
  const showsLimits = registries.some(({ limit }) => limit !== undefined)
  const rows = registries.map((registry) => [
    registry.name,
    registry.edition,
    registry.state,
    renderExpiry(registry, now),
    registry.verified,
    ...(showsLimits ? [renderLimit(registry)] : []),
    registry.domains.join(' ') || '-',
  ])
  const head = ['registry', 'edition', 'state', 'expires', 'login', ...(showsLimits ? ['may pull'] : []), 'domains']
  return [renderTable(head, rows), ...idleEntries(release)].join('\n')
}

function renderLimit({ limit, edition }: RegistryStatus): string {
  if (limit === undefined) return edition === 'static' ? '-' : 'whole role'
  const { repositories, granted, width } = limit
  const isConfirmed = granted === 'granted' && width === 'limited'
  const verdict = width === 'too-wide' ? 'but may pull more' : isConfirmed ? 'confirmed' : 'not confirmed'
  return `limited to ${summarize(repositories)} (${verdict})`
}

/** Names the limited entries that have no credential, because no namespace needs one. */
function idleEntries(release: Observed['release']): readonly string[] {
  const names = unreportedEntries(release)
    .filter(isLimited)
    .map(({ name }) => name)
  return names.length === 0 ? [] : [printable(`no namespace needs these limited entries: ${summarize(names)}`)]
}

function renderExpiry({ expiresAt, state, edition }: RegistryStatus, now: number): string {
  if (expiresAt === undefined) return state === 'pending' ? '-' : edition === 'static' ? 'never' : 'unknown'
  const minutes = Math.round((Date.parse(expiresAt) - now) / 60_000)
  if (minutes < 0) return `${-minutes} min ago`
  return minutes < 120 ? `in ${minutes} min` : `in ${Math.round(minutes / 60)} h`
}

/** Shows nodes only if some of them pull without a Secret. */
function renderNodes(plugins: Observed['plugins']): readonly string[] {
  const nodes = plugins?.nodes.filter(({ isVirtual }) => !isVirtual) ?? []
  const having = nodes.filter(hasPlugin).length
  return having === 0
    ? []
    : [`nodes            ${having} of ${nodes.length + (plugins?.more ?? 0)} pull without a Secret`]
}

function coverageBlock({ release, plugins }: Observed): string {
  const { namespaces, serviceAccounts } = release?.status ?? {}
  const lines = [
    ...(namespaces ? [`namespaces       ${printable(renderCoverage(namespaces))}`] : []),
    ...(serviceAccounts ? [`ServiceAccounts  ${printable(renderCoverage(serviceAccounts))}`] : []),
    ...renderNodes(plugins),
  ]
  return lines.join('\n')
}

function renderCoverage({ total, current, pending, skipped }: CoverageStatus): string {
  const reasons = Object.entries(skipped).map(([reason, number]) => `${number} ${reason}`)
  return [`${current} of ${total} current`, ...(pending > 0 ? [`${pending} pending`] : []), ...reasons].join(', ')
}

/** A finding of doctor, or of a check of the fleet. */
export type ShownFinding = Omit<Finding, 'id' | 'causedBy'> & { readonly id: string; readonly causedBy?: string }

function renderTitle({ id, severity, subject, message }: ShownFinding, paint: CliPaint): string {
  const colour: Readonly<Record<Severity, (text: string) => string>> = {
    error: paint.red,
    warning: paint.yellow,
    info: paint.dim,
  }
  return `${colour[severity](severity)} ${id} ${paint.bold(printable(subject))}: ${shortenPodMessage(id, printable(message))}`
}

/**
 * Renders a finding below its cause. Its own fix is only in the JSON, because it would not help
 * before the cause is fixed.
 */
function renderConsequence(finding: ShownFinding, paint: CliPaint): string {
  return [`  ${renderTitle(finding, paint)}`, `    likely follows from ${finding.causedBy}: fix that first`].join('\n')
}

/**
 * Shortens a node's message, which may have thousands of characters. Its head names the action, its
 * end contains the reason.
 */
function shortenPodMessage(id: string, text: string): string {
  return !id.startsWith('POD_') || text.length <= LONGEST
    ? text
    : `${text.slice(0, LONGEST / 2)} … ${text.slice(-LONGEST / 2)}`
}
const LONGEST = 300

/** Renders a finding with its fix, or a consequence below its cause. */
export function renderFinding(finding: ShownFinding, paint: CliPaint): string {
  if (finding.causedBy !== undefined) return renderConsequence(finding, paint)
  return [
    renderTitle(finding, paint),
    `  cause: ${shortenPodMessage(finding.id, printable(finding.cause))}`,
    `  fix: ${printable(finding.fix)}`,
    ...(finding.command === undefined ? [] : [`  $ ${printable(finding.command)}`]),
  ].join('\n')
}

/** Lists what could not be read, and why. Empty if everything was read. */
function renderUnread(unread: readonly Unread[]): string {
  if (unread.length === 0) return ''
  return [
    'not checked, because it could not be read:',
    ...unread.map(({ what, why }) => printable(`  ${what}: ${why}`)),
  ].join('\n')
}

/** Renders the last line. */
function renderVerdict(findings: readonly Finding[], unread: number, paint: CliPaint): string {
  const of = (severity: Severity): number => findings.filter((finding) => finding.severity === severity).length
  const [errors, warnings] = [of('error'), of('warning')]
  if (errors > 0) return paint.red(`${pluralize(errors, 'error')}, ${pluralize(warnings, 'warning')}`)
  const where = unread > 0 ? ' in what could be read' : isAllKnown(findings, 0) ? '' : ' in what is known'
  if (warnings > 0) return paint.yellow(`no error${where}, ${pluralize(warnings, 'warning')}`)
  return where === '' ? paint.green('all is well') : paint.yellow(`nothing wrong${where}`)
}

/** Describes for `-o json` whether the cloud was read, and as which identity. */
function describeCloud(cloud: CloudSnapshot): object {
  if (cloud.state === 'not-inspected') return { looked: false, why: cloud.why, notes: [] }
  const { caller, accountId } = cloud.facts
  return { looked: true, caller, account: accountId, notes: cloud.notes }
}

export function renderCloud(cloud: CloudSnapshot): string {
  if (cloud.state === 'not-inspected') return printable(`Alibaba Cloud was not inspected: ${cloud.why}.`)
  const notes = cloud.notes.map(({ what, why }) => printable(`  ${what}: ${why}`))
  return [
    printable(`Alibaba Cloud was read as ${cloud.facts.caller}${notes.length === 0 ? '' : '; not checked there:'}`),
    ...notes,
  ].join('\n')
}

/** Lists, without duplicates, the unverified facts on which the findings rely. */
export function doctorUnverified(observed: Observed): readonly UnverifiedFact[] {
  return collectUnverified([
    ...unverifiedMatching(observed),
    ...unverifiedIssuer(observed),
    ...unverifiedLifetimes(observed),
    ...unverifiedInStatus(observed),
  ])
}

function unverifiedIssuer(observed: Observed): readonly Unverified[] {
  const { cloud } = observed
  if (cloud.state !== 'looked' || cloud.facts.issuers.length === 0 || observed.issuer !== undefined) return []
  const subject = issuerCandidates(observed)[0] ?? ''
  return [{ id: 'ISSUER', subject }]
}

function unverifiedMatching(observed: Observed): readonly Unverified[] {
  return readRoles(observed, observed.issuer).flatMap(([wanted, facts]) => {
    const verdict = judgeRights(wanted, facts)
    const isOpen = verdict?.likelyGranted || verdict?.missing.some(({ likely }) => likely)
    return isOpen ? [{ id: 'RAM_MATCHING' as const, subject: `role ${wanted.name}` }] : []
  })
}

/** Returns the unverified facts in the helper's report. */
function unverifiedInStatus({ release }: Observed): readonly Unverified[] {
  return release?.status?.unverified ?? []
}

const HOUR = 3_600_000

/** Returns requested lifetimes that were not observed yet, or not granted. */
function unverifiedLifetimes({ release }: Observed): readonly Unverified[] {
  const { config, status } = release ?? {}
  return (config?.registries ?? []).flatMap(({ name, expiresInHours }) => {
    if (!expiresInHours) return []
    const items = status ? itemsOf(status, name) : []
    const isHonoured = ({ issuedAt = '', expiresAt = '' }: RegistryStatus): boolean =>
      Date.parse(expiresAt) - Date.parse(issuedAt) > (expiresInHours - 0.5) * HOUR
    return items.length > 0 && items.every(isHonoured)
      ? []
      : [{ id: 'EXPIRES_IN_HOURS' as const, subject: `registry ${name}` }]
  })
}
