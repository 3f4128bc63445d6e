import { foldPodFindings } from '../../doctor/pod/fold-pod-findings.ts'
import type { CoverageStatus } from '../../installation/helper-status.ts'
import type { ClusterCheck } from '../cluster-check.ts'

/** Texts of one cluster that the table and the summary share. Empty: not known. */
export function describeCells(check: ClusterCheck, now: number) {
  return {
    release: describeRelease(check),
    kubernetes: check.kubernetes ?? '',
    helper: describeHelper(check),
    registries: describeRegistries(check, now),
    coverage: describeCoverage(check.namespaces),
    why: describeReason(check),
  }
}

/** Returns the reason of the state: the first finding, else what could not be read. */
function describeReason({ findings, unread, state }: ClusterCheck): string {
  if (state === 'healthy') return ''
  const [worst] = foldPodFindings(findings)
  const [missing] = unread
  if (state === 'unread' && missing !== undefined) return `not read: ${missing.what} (${missing.why})`
  return worst === undefined ? '' : `${worst.id} ${worst.subject}: ${worst.message}`
}

function describeRelease({ release }: ClusterCheck): string {
  if (release === null) return ''
  const { chart, revision, status } = release
  if (chart === null && revision === null) return ''
  const state = status === null || status === 'deployed' ? '' : ` (${status})`
  return `${chart ?? 'revision'}${revision === null ? '' : ` #${revision}`}${state}`
}

function describeHelper({ helper, nodes }: ClusterCheck): string {
  const onNodes = nodes === null || nodes.withPlugin === 0 ? [] : [`${nodes.withPlugin} of ${nodes.total} nodes`]
  if (helper?.replicas == null) return onNodes.join('')
  const { wanted, available } = helper.replicas
  return [`${available}/${wanted}`, ...(helper.leader === null ? ['no leader'] : []), ...onNodes].join(', ')
}

/** Returns the states, the first expiry, and whether the credentials are limited. */
function describeRegistries({ registries }: ClusterCheck, now: number): string {
  if (registries === null || registries.length === 0) return ''
  const states = Map.groupBy(registries, ({ state }) => state)
  const counts = [...states].map(([state, { length }]) => `${length} ${state}`)
  const expiries = registries.flatMap(({ expiresAt }) => (expiresAt === null ? [] : [Date.parse(expiresAt)]))
  const limited = registries.filter(({ rights }) => rights === 'limited').length
  return [
    ...counts,
    ...(limited > 0 ? [`${limited} limited`] : []),
    ...(expiries.length > 0 ? [describeExpiry(Math.min(...expiries) - now)] : []),
  ].join(', ')
}

function describeExpiry(ms: number): string {
  const minutes = Math.round(ms / 60_000)
  if (minutes < 0) return `expired ${-minutes} min ago`
  return minutes < 120 ? `expires in ${minutes} min` : `expires in ${Math.round(minutes / 60)} h`
}

function describeCoverage(namespaces: CoverageStatus | null): string {
  return namespaces === null ? '' : `${namespaces.current}/${namespaces.total - skippedOf(namespaces)}`
}

const skippedOf = ({ skipped }: CoverageStatus): number => Object.values(skipped).reduce((sum, count) => sum + count, 0)
