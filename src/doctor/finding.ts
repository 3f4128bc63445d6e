import type { ShellCommand } from '../lib/shell-command.ts'

/**
 * `error`: something does not work, or will stop working; `warning`: check it; `info`: good to
 * know.
 */
export type Severity = 'error' | 'warning' | 'info'

/** The ids of findings, in the order of the docs. An id never changes its meaning. */
export const FINDING_IDS = [
  'NOT_INSTALLED',
  'LEFTOVERS',
  'RELEASE_UNREADABLE',
  'KUBERNETES_OLD',
  'CONFIG_UNREADABLE',
  'CONFIG_PENDING',
  'RETIRING',
  'HELPER_OFF',
  'HELPER_DOWN',
  'HELPER_DEGRADED',
  'HELPER_LEADERLESS',
  'HELPER_SILENT',
  'STATUS_UNREADABLE',
  'HELPER_PROBLEM',
  'CLOCK_SKEW',
  'RIGHTS_MISSING',
  'NAMESPACE_UNREADABLE',
  'RIGHTS_WIDE',
  'GUARD_MISSING',
  'GUARD_INACTIVE',
  'WEBHOOK_REFUSES',
  'QUOTA_EXCEEDED',
  'WRITE_REFUSED',
  'RIVAL_RELEASE',
  'RIVAL_ADDON',
  'RAM_DENIED',
  'ROLE_NOT_TRUSTED',
  'IDENTITY_MISSING',
  'CREDENTIALS_REFUSED',
  'CLOUD_OUT_OF_REACH',
  'OIDC_ISSUER_MISMATCH',
  'OIDC_PROVIDER_WRONG',
  'ROLE_MISSING',
  'ROLE_TRUST_DIFFERS',
  'ROLE_TRUST_WIDE',
  'ROLE_RIGHTS_MISSING',
  'INSTANCE_NOT_FOUND',
  'INSTANCE_ELSEWHERE',
  'INSTANCE_NOT_RUNNING',
  'VPC_UNLINKED',
  'VPC_LINK_ISSUE',
  'PUBLIC_CLOSED',
  'PUBLIC_RESTRICTED',
  'REGISTRY_REFUSES',
  'REGISTRY_FAILING',
  'REGISTRY_PENDING',
  'REGISTRY_EXPIRED',
  'REGISTRY_EXPIRING',
  'REGISTRY_UNVERIFIED',
  'LIMIT_NOT_ACCEPTED',
  'LIMIT_UNCONFIRMED',
  'CREDENTIAL_TOO_WIDE',
  'SECRET_MISSING',
  'SECRET_FOREIGN',
  'SECRET_STUCK',
  'SECRET_CHANGED',
  'SECRET_CONFLICT',
  'LOG_UNWRITABLE',
  'SECRET_EXPIRED',
  'SECRET_INCOMPLETE',
  'ACCOUNT_UNATTACHED',
  'ACCOUNT_FOREIGN',
  'LIST_CONFLICT',
  'POLICY_MISSING',
  'POLICY_INACTIVE',
  'NODE_WITHOUT_PLUGIN',
  'NODE_OTHER_CONFIG',
  'NODE_SILENT',
  'NODE_PROGRAM_MISSING',
  'NODE_LOGIN_FAILED',
  'NODE_AUDIENCE_DENIED',
  'NODE_KUBELET_OLD',
  'NODE_BOTH_WAYS',
  'POD_UNCOVERED',
  'POD_NOT_TARGETED',
  'POD_OUTSIDE_LIMIT',
  'POD_OPTED_OUT',
  'POD_HAS_OWN_PULL_SECRETS',
  'POD_TOO_OLD',
  'POD_STATIC',
  'POD_UNREFERENCED',
  'POD_WITHOUT_SECRET',
  'POD_CREDENTIAL',
  'POD_NODE_LOGIN',
  'POD_LOGIN_REFUSED',
  'POD_DENIED',
  'POD_IMAGE_ABSENT',
  'POD_TAG_ABSENT',
  'POD_ARCHITECTURE',
  'POD_NETWORK',
  'POD_PROXY',
  'POD_VPC_UNLINKED',
  'POD_THROTTLED',
  'POD_CERTIFICATE',
  'POD_HTTP',
  'POD_NEVER_PULLS',
  'POD_IMAGE_NAME',
  'POD_UNSCHEDULED',
  'POD_DISK_FULL',
  'POD_SANDBOX',
  'POD_STUCK',
  'POD_UNKNOWN',
  'POD_CACHED',
  'KUBELET_LENIENT',
  'PODS_OLD',
] as const

export type FindingId = (typeof FINDING_IDS)[number]

/**
 * A problem with its cause, its fix, and the command that applies the fix, if there is such a
 * command.
 */
export interface Finding {
  readonly id: FindingId
  readonly severity: Severity
  /** The subject, such as `registry prod` or `5 namespaces`. */
  readonly subject: string
  readonly message: string
  readonly cause: string
  readonly fix: string
  readonly command?: ShellCommand | undefined
  /** The id of the finding that likely caused this one. */
  readonly causedBy?: FindingId
  /** The objects, if there are several: `namespace` or `namespace/name`. */
  readonly objects?: readonly string[]
  /**
   * The effect on the report's `healthy`. Without this field, the severity decides. `unknown`:
   * doctor cannot know.
   */
  readonly health?: 'failing' | 'unknown'
}

/** A finding as a check returns it. Without a severity it is an error. */
export type Draft = Omit<Finding, 'severity' | 'causedBy'> & { readonly severity?: Severity | undefined }

/** A finding without its subject, message and objects. */
export type Verdict = Omit<Draft, 'subject' | 'message' | 'objects'>

/** The result of a check. */
export type Found = Draft | readonly Draft[]

export const SEVERITY_RANK: Readonly<Record<Severity, number>> = { error: 0, warning: 1, info: 2 }

/**
 * Returns the report's `healthy`. `false`: a finding is an error or reports a failure. `null`: no
 * finding does so, but something could not be read or judged.
 */
export function judgeHealth(findings: readonly Finding[], unread: number): boolean | null {
  if (findings.some(({ severity, health }) => severity === 'error' || health === 'failing')) return false
  return isAllKnown(findings, unread) ? true : null
}

/** True if everything could be read and judged. */
export function isAllKnown(findings: readonly Finding[], unread: number): boolean {
  return unread === 0 && !findings.some(({ health }) => health === 'unknown')
}

/** Sorts by severity, the worst first. Findings of equal severity keep the order of the checks. */
export function sortFindings(findings: readonly Finding[]): readonly Finding[] {
  return findings.toSorted((a, b) => SEVERITY_RANK[a.severity] - SEVERITY_RANK[b.severity])
}

/** True if a finding has at least this severity. */
export function hasFindingOf(findings: readonly Finding[], severity: Severity): boolean {
  return findings.some((finding) => SEVERITY_RANK[finding.severity] <= SEVERITY_RANK[severity])
}
