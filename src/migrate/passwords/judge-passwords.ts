import { hostOf } from '../../acr/registry-domains.ts'
import type { Unread } from '../../kube/read/reader.ts'
import { keyOf } from '../../kube/types.ts'
import { type ShellCommand, shell } from '../../lib/shell-command.ts'
import { summarize } from '../../lib/text.ts'
import { isCurrent, type OurSide, RELEASE_UNREAD, releaseProblems, repositoriesOn } from '../remove/our-side.ts'
import { findUsers, isOnlyElsewhere, type SecretUser } from './find-users.ts'
import { isPattern, type PullSecret } from './pull-secret.ts'
import type { PasswordFacts } from './read-passwords.ts'
import { whyCopied } from './why-copied.ts'

/** A pull secret with static logins of ACR. */
export interface PasswordReport {
  /** `namespace/name`. */
  readonly secret: string
  readonly hosts: readonly HostCoverage[]
  readonly createdAt: string | null
  /** The last write of the content. Null: not recorded. */
  readonly writtenAt: string | null
  /** What would write the Secret again. */
  readonly writtenBy: string | null
  /** Logins of other registries in the same Secret. */
  readonly otherLogins: number
  /** What names the Secret. */
  readonly usedBy: readonly SecretUser[]
  /**
   * `yes`: everything was read, and nothing that was read loses a pull. `no`: something would.
   * `unknown`: `why` has the reasons.
   */
  readonly canGo: 'yes' | 'no' | 'unknown'
  readonly why: readonly string[]
  /** What the user may run if it can go. This program never deletes a Secret. */
  readonly command?: ShellCommand
}

/** Whether acr-nopass's pull secret of the same namespace has a login for the host. */
export interface HostCoverage {
  readonly host: string
  /** `unknown`: the host is a pattern, or the release could not be read. */
  readonly covered: 'yes' | 'repositories' | 'no' | 'unknown'
  /** With `repositories`: those that acr-nopass pulls. */
  readonly repositories?: readonly string[]
}

/**
 * Judges each Secret with a static login, in the order of their names.
 * @param isPublic whether the registry serves an image without a login
 */
export function judgePasswords(
  facts: PasswordFacts,
  ours: OurSide,
  unread: readonly Unread[],
  isPublic: (image: string) => boolean = () => false,
): readonly PasswordReport[] {
  const alone = facts.withLogins.map((secret) => [secret, judgeSecret(secret, facts, ours, unread, isPublic)] as const)
  const free = new Set(alone.filter(([, { canGo }]) => canGo === 'yes').map(([, { secret }]) => secret))
  const reports = alone.map(([secret, report]) => {
    return leaveOpen(
      report,
      whyCopied(secret, facts.traces, (key) => free.has(key)),
    )
  })
  return reports.toSorted((a, b) => (a.secret < b.secret ? -1 : 1))
}

/** Adds reasons for which it is not known whether the Secret can go. */
function leaveOpen(report: PasswordReport, reasons: readonly string[]): PasswordReport {
  const { command: _, ...rest } = report
  if (reasons.length === 0 || report.canGo === 'no') return report
  return { ...rest, canGo: 'unknown', why: [...(report.canGo === 'unknown' ? report.why : []), ...reasons] }
}

function judgeSecret(
  secret: PullSecret,
  facts: PasswordFacts,
  ours: OurSide,
  unread: readonly Unread[],
  isPublic: (image: string) => boolean,
): PasswordReport {
  const usedBy = findUsers(secret, facts, ours, isPublic)
  const hosts = secret.hosts.map((host) => coverageOf(secret.namespace, host, ours))
  const blocking = [...new Set(usedBy.filter(({ blocks }) => blocks === 'yes').map(({ why }) => why))]
  const open = [
    ...unread.map(({ what }) => `not readable: ${what}`),
    ...usedBy.filter(({ blocks }) => blocks === 'unknown').map(({ subject, why }) => `${subject}: ${why}`),
    ...unknownCoverage(secret, hosts, ours),
  ]
  const canGo = blocking.length > 0 ? 'no' : open.length > 0 ? 'unknown' : 'yes'
  const command = canGo === 'yes' ? deletion(secret) : undefined
  return {
    secret: keyOf(secret),
    hosts,
    createdAt: secret.createdAt ?? null,
    writtenAt: secret.writtenAt ?? null,
    writtenBy: secret.writer ?? null,
    otherLogins: secret.others,
    usedBy,
    canGo,
    why: canGo === 'no' ? blocking : canGo === 'unknown' ? open : [reasonToGo(secret, usedBy)],
    ...(command !== undefined && { command }),
  }
}

function coverageOf(namespace: string, host: string, ours: OurSide): HostCoverage {
  if (ours.isReleaseUnread) return { host, covered: 'unknown' }
  if (!isCurrent(ours, namespace)) return { host, covered: 'no' }
  if (isPattern(hostOf(host))) return { host, covered: 'unknown' }
  const repositories = repositoriesOn(ours, namespace, host)
  if (repositories.length === 0) return { host, covered: 'no' }
  return repositories.includes('*') ? { host, covered: 'yes' } : { host, covered: 'repositories', repositories }
}

/**
 * Explains why coverage leaves it open whether a Secret can go although no user blocks it. What is
 * created later may pull what nothing pulls now.
 */
function unknownCoverage(
  { namespace, moreHosts }: PullSecret,
  hosts: readonly HostCoverage[],
  ours: OurSide,
): readonly string[] {
  if (ours.isReleaseUnread) return [RELEASE_UNREAD]
  const [problem] = releaseProblems(ours)
  if (problem !== undefined) return [`${problem.subject}: ${problem.why}`]
  if (!isCurrent(ours, namespace)) return [`namespace ${namespace} has no current pull secret ${ours.secretName}`]
  const open = hosts.filter(({ covered }) => covered !== 'yes').map(describeGap)
  return moreHosts === 0 ? open : [...open, `it has logins for ${moreHosts} more hosts, which were not judged`]
}

function describeGap({ host, covered, repositories = [] }: HostCoverage): string {
  if (covered === 'unknown') return `its host ${host} is a pattern, so what it covers is not known`
  if (covered === 'no') return `no registry of acr-nopass has ${host} for this namespace`
  return `acr-nopass pulls only ${summarize(repositories)} from ${host}`
}

function reasonToGo({ writer, others }: PullSecret, usedBy: readonly SecretUser[]): string {
  const users =
    usedBy.length === 0
      ? 'nothing that was read names it'
      : usedBy.some(isOnlyElsewhere)
        ? 'everything that names it pulls with acr-nopass too, or pulls nothing with these logins'
        : 'everything that names it also pulls with acr-nopass'
  const covered = `${users}, and acr-nopass covers its hosts`
  if (others > 0) return `${covered}; remove only these logins, because it has ${others} of other registries`
  return writer === undefined ? covered : `${covered}; remove it from what ${writer} applies`
}

/** Only a Secret that contains nothing else and that nothing writes again can be deleted alone. */
function deletion({ namespace, name, others, writer }: PullSecret): ShellCommand | undefined {
  if (others > 0 || writer !== undefined) return undefined
  return shell`kubectl -n ${namespace} delete secret ${name}`
}
