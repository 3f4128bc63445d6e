import { foldPodFindings } from '../../doctor/pod/fold-pod-findings.ts'
import type { CoverageStatus } from '../../installation/helper-status.ts'
import type { ClusterCheck } from '../cluster-check.ts'
import { EN, type Words } from './words.ts'

/** Texts of one cluster that the table, the summary and the page share. Empty: not known. */
export function describeCells(check: ClusterCheck, now: number, words: Words = EN) {
  return {
    release: describeRelease(check, words),
    kubernetes: check.kubernetes ?? '',
    helper: describeHelper(check, words),
    registries: describeRegistries(check, now, words),
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

function describeRelease({ release }: ClusterCheck, words: Words): string {
  if (release === null) return ''
  const { chart, revision, status } = release
  if (chart === null && revision === null) return ''
  const state = status === null || status === 'deployed' ? '' : ` (${status})`
  return `${chart ?? words.revision}${revision === null ? '' : ` #${revision}`}${state}`
}

function describeHelper({ helper, nodes }: ClusterCheck, words: Words): string {
  const onNodes = nodes === null || nodes.withPlugin === 0 ? [] : [words.nodes(nodes.withPlugin, nodes.total)]
  if (helper?.replicas == null) return onNodes.join('')
  const { wanted, available } = helper.replicas
  return [`${available}/${wanted}`, ...(helper.leader === null ? [words.noLeader] : []), ...onNodes].join(
    words.separator,
  )
}

/** Returns the states, the first expiry, and whether the credentials are limited. */
function describeRegistries({ registries }: ClusterCheck, now: number, words: Words): string {
  if (registries === null || registries.length === 0) return ''
  const states = Map.groupBy(registries, ({ state }) => state)
  const counts = [...states].map(([state, { length }]) => words.registry(state, length))
  const expiries = registries.flatMap(({ expiresAt }) => (expiresAt === null ? [] : [Date.parse(expiresAt)]))
  const limited = registries.filter(({ rights }) => rights === 'limited').length
  return [
    ...counts,
    ...(limited > 0 ? [words.limited(limited)] : []),
    ...(expiries.length > 0 ? [describeExpiry(Math.min(...expiries) - now, words)] : []),
  ].join(words.separator)
}

function describeExpiry(ms: number, words: Words): string {
  const minutes = Math.round(ms / 60_000)
  return minutes < 0 ? words.expired(-minutes) : words.expiresIn(minutes)
}

function describeCoverage(namespaces: CoverageStatus | null): string {
  return namespaces === null ? '' : `${namespaces.current}/${namespaces.total - skippedOf(namespaces)}`
}

const skippedOf = ({ skipped }: CoverageStatus): number => Object.values(skipped).reduce((sum, count) => sum + count, 0)
