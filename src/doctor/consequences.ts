import { HELPER_NOT_READY } from './checks/helper-pods.ts'
import { type Finding, type FindingId, SEVERITY_RANK } from './finding.ts'
import type { Observed } from './observed.ts'

/** Findings that explain why a registry has no new credential. */
const NO_CREDENTIAL: readonly FindingId[] = [
  'OIDC_ISSUER_MISMATCH',
  'OIDC_PROVIDER_WRONG',
  'ROLE_MISSING',
  'ROLE_TRUST_DIFFERS',
  'ROLE_RIGHTS_MISSING',
  'INSTANCE_NOT_FOUND',
  'INSTANCE_ELSEWHERE',
  'INSTANCE_NOT_RUNNING',
  'ROLE_NOT_TRUSTED',
  'RAM_DENIED',
  'IDENTITY_MISSING',
  'CREDENTIALS_REFUSED',
  'CLOUD_OUT_OF_REACH',
  'REGISTRY_REFUSES',
  'REGISTRY_FAILING',
]
/** Findings that explain why the helper writes nothing anywhere. */
const NO_HELPER: readonly FindingId[] = ['HELPER_DOWN', 'HELPER_LEADERLESS']
/** Findings that explain why the helper cannot write in the namespaces that the finding lists. */
const NO_WRITE: readonly FindingId[] = ['QUOTA_EXCEEDED', 'WEBHOOK_REFUSES', 'WRITE_REFUSED', 'SECRET_STUCK']

interface Rule {
  /** The likely causes. The first cause that was found counts. */
  readonly by: readonly FindingId[]
  /** The cause must list every namespace of the consequence. */
  readonly inside?: true
  /** A further condition on the observed cluster. */
  readonly if?: (observed: Observed, consequence: Finding) => boolean
}

/** A registry whose refresh fails keeps its last good credential until that credential expires. */
const hasNoCredential = ({ release, now }: Observed): boolean =>
  (release?.status?.registries ?? []).every(({ state, expiresAt = '' }) => {
    return state === 'pending' || (state === 'failing' && Date.parse(expiresAt) <= now)
  })
const isUnknownInstance = ({ release }: Observed): boolean =>
  release?.status?.registries.some(({ edition, domains }) => edition === 'enterprise' && domains.length === 0) ?? true

/** The likely causes of each finding. */
const RULES: Readonly<Partial<Record<FindingId, readonly Rule[]>>> = {
  ROLE_NOT_TRUSTED: [{ by: ['OIDC_ISSUER_MISMATCH', 'OIDC_PROVIDER_WRONG', 'ROLE_MISSING', 'ROLE_TRUST_DIFFERS'] }],
  RAM_DENIED: [{ by: ['ROLE_RIGHTS_MISSING'] }],
  HELPER_DOWN: [{ by: NO_CREDENTIAL, if: isOnlyUnready }],
  HELPER_DEGRADED: [{ by: NO_CREDENTIAL, if: isOnlyUnready }],
  HELPER_SILENT: [{ by: NO_HELPER }],
  REGISTRY_PENDING: [{ by: NO_HELPER }],
  REGISTRY_EXPIRED: [{ by: NO_HELPER }],
  REGISTRY_EXPIRING: [{ by: NO_HELPER }],
  SECRET_MISSING: [
    { by: NO_WRITE, inside: true },
    { by: NO_CREDENTIAL, if: hasNoCredential },
    { by: [...NO_HELPER, 'RIGHTS_MISSING'] },
  ],
  SECRET_FOREIGN: [{ by: NO_WRITE, inside: true }, { by: NO_HELPER }],
  SECRET_INCOMPLETE: [{ by: NO_WRITE, inside: true }, { by: NO_CREDENTIAL }, { by: NO_HELPER }],
  SECRET_EXPIRED: [{ by: NO_CREDENTIAL }, { by: [...NO_HELPER, 'RIGHTS_MISSING'] }],
  ACCOUNT_UNATTACHED: [{ by: [...NO_WRITE, 'SECRET_MISSING'], inside: true }, { by: [...NO_HELPER, 'RIGHTS_MISSING'] }],
  POD_UNCOVERED: [{ by: ['INSTANCE_NOT_FOUND', 'INSTANCE_ELSEWHERE'], if: isUnknownInstance }],
  POD_UNREFERENCED: [
    { by: ['ACCOUNT_UNATTACHED', 'ACCOUNT_FOREIGN', 'POLICY_INACTIVE'], inside: true },
    { by: ['POLICY_MISSING', ...NO_HELPER] },
  ],
  POD_WITHOUT_SECRET: [{ by: ['SECRET_MISSING', 'SECRET_FOREIGN'], inside: true }, { by: NO_HELPER }],
  POD_CREDENTIAL: [
    { by: ['SECRET_EXPIRED', 'SECRET_INCOMPLETE'], inside: true },
    { by: ['REGISTRY_EXPIRED', 'REGISTRY_REFUSES'] },
  ],
  POD_LOGIN_REFUSED: [{ by: ['SECRET_EXPIRED'], inside: true }, { by: ['REGISTRY_EXPIRED', 'REGISTRY_REFUSES'] }],
  POD_NODE_LOGIN: [{ by: ['NODE_AUDIENCE_DENIED'] }],
  POD_DENIED: [{ by: ['ROLE_RIGHTS_MISSING'] }],
  POD_VPC_UNLINKED: [{ by: ['VPC_UNLINKED', 'VPC_LINK_ISSUE'] }],
}

/**
 * True if nothing is wrong with the Pods themselves: without a first credential the helper does not
 * become ready.
 */
function isOnlyUnready(observed: Observed, { cause }: Finding): boolean {
  return cause === HELPER_NOT_READY && hasNoCredential(observed)
}

/**
 * Puts each finding directly after its likely cause, and stores the cause's id in the finding. The
 * worst groups come first. Pure.
 */
export function groupConsequences(findings: readonly Finding[], observed: Observed): readonly Finding[] {
  const linked = findings.map((finding) => {
    const causedBy = findCause(finding, findings, observed)
    return causedBy === undefined ? finding : { ...finding, causedBy: causedBy.id }
  })
  const roots = linked.filter(({ causedBy }) => causedBy === undefined)
  const shown = new Set<FindingId>()
  const groups = roots.map((root) => [root, ...(shown.has(root.id) ? [] : consequencesOf(root.id))])
  return groups.toSorted((a, b) => worstRank(a) - worstRank(b)).flat()

  /**
   * Returns the consequences of the findings with this id, each followed by its own consequences.
   */
  function consequencesOf(id: FindingId): readonly Finding[] {
    shown.add(id)
    return linked
      .filter(({ causedBy }) => causedBy === id)
      .flatMap((one) => [one, ...(shown.has(one.id) ? [] : consequencesOf(one.id))])
  }
}

const worstRank = (group: readonly Finding[]): number =>
  Math.min(...group.map(({ severity }) => SEVERITY_RANK[severity]))

function findCause(finding: Finding, all: readonly Finding[], observed: Observed): Finding | undefined {
  // A warning or an info explains no failure: the problem is not certain.
  const causes = all.filter(({ severity, id }) => severity === 'error' && id !== finding.id)
  for (const { by, inside, if: holds = () => true } of RULES[finding.id] ?? []) {
    if (!holds(observed, finding)) continue
    const found = by
      .map((id) => causes.find((one) => one.id === id && (inside === undefined || isInside(finding, one))))
      .find((one) => one !== undefined)
    if (found !== undefined) return found
  }
  return undefined
}

/** True if the cause concerns every namespace of the consequence. */
function isInside(consequence: Finding, { objects: places = [] }: Finding): boolean {
  const wide = new Set(places.map(namespaceOf))
  const own = (consequence.objects ?? []).map(namespaceOf)
  return own.length > 0 && own.every((namespace) => wide.has(namespace))
}

const namespaceOf = (object: string): string => object.split('/')[0] ?? object
