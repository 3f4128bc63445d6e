import { quoted, shell } from '../../lib/shell-command.ts'
import { summarize } from '../../lib/text.ts'
import { judgeTrust } from '../../policy/judge-trust.ts'
import { type MissingRight, missingRamRights, type RightsVerdict } from '../../policy/missing-rights.ts'
import { DocumentError } from '../../policy/ram-statement.ts'
import { closeTrust, fixRights, fixTrust, makeRole } from '../cloud/fix-role.ts'
import type { RoleFacts } from '../cloud/read-role.ts'
import { roleAccounts, type WantedRole, wantedRoles } from '../cloud/wanted-roles.ts'
import type { Draft, Found } from '../finding.ts'
import type { Observed } from '../observed.ts'
import { issuerCandidates } from './cluster-issuer.ts'

/**
 * Reports RAM roles of the helper that are wrong: absent, not assumable by the helper, or with too
 * few rights.
 */
export function cloudRoleFindings(observed: Observed): Found {
  const [first, ...others] = issuerCandidates(observed)
  const findings = findingsWith(observed, first)
  if (!findings.some(isTrustError)) return findings
  // The issuer is not verified: a trust policy that names another issuer of ACK's list may be
  // right.
  const better = others.map((issuer) => findingsWith(observed, issuer)).find((all) => !all.some(isTrustError))
  return better ?? findings
}

const isTrustError = ({ id }: Draft): boolean => id === 'ROLE_TRUST_DIFFERS'

function findingsWith(observed: Observed, issuer: string | undefined): readonly Draft[] {
  return readRoles(observed, issuer).flatMap(([wanted, facts]) =>
    facts.role === null
      ? describeMissingRole(wanted, facts)
      : [checkTrust(wanted, facts), checkRights(wanted, facts)].flat(),
  )
}

/** Pairs each role that the helper uses with what was read of that role in RAM. */
export function readRoles(
  observed: Pick<Observed, 'cloud' | 'release' | 'accounts'>,
  issuer: string | undefined,
): readonly (readonly [WantedRole, RoleFacts])[] {
  const { cloud, release } = observed
  const { config } = release ?? {}
  if (cloud.state !== 'looked' || config === undefined) return []
  const { accountId, place, workerRoles, roles } = cloud.facts
  const owner = place.accountId ?? accountId
  const accounts = roleAccounts(observed.accounts)
  return wantedRoles(config, { accountId: owner, workerRoles, issuer, accounts }).flatMap((wanted) => {
    const facts = roles.get(wanted.arn.toLowerCase())
    return facts === undefined ? [] : [[wanted, facts] as const]
  })
}

const subjectOf = ({ name, accountId }: WantedRole): string => `role ${name} of account ${accountId}`
/** A change in RAM takes effect after a moment, and the helper retries automatically. */
const SOON = 'A change in RAM takes effect within about a minute, and the helper, or the node, retries automatically.'

function describeMissingRole(wanted: WantedRole, facts: RoleFacts): Draft {
  return {
    id: 'ROLE_MISSING',
    subject: subjectOf(wanted),
    message: `it does not exist, but is ${wanted.what}`,
    cause: `RAM has no role ${wanted.arn}: the role was deleted or never created, or has another name.`,
    fix: `Create the role with the trust policy and the permissions that it needs (\`acr-nopass apply\` does that too), or correct its name in the values. ${SOON}`,
    command: makeRole(wanted, facts),
  }
}

function checkTrust(wanted: WantedRole, facts: RoleFacts): Found {
  const { trust: desiredTrust } = wanted
  const { role } = facts
  if (!role || desiredTrust === undefined) return []
  const verdict = parseOrUndefined(() => judgeTrust(role.trust, desiredTrust))
  if (verdict === undefined) return []
  const { differs, wide } = verdict
  const subject = subjectOf(wanted)
  const findings: Draft[] = []
  if (differs.length > 0) {
    findings.push({
      id: 'ROLE_TRUST_DIFFERS',
      subject,
      message: `its trust policy does not allow ${WHO[wanted.kind]} to assume it`,
      cause: `${differs.join('; ')}.`,
      fix: `Add what is missing to the trust policy; the command does that, and keeps the rest of the policy. ${SOON}`,
      command: fixTrust(wanted, facts),
    })
  }
  // Other clusters and workloads may use the role of a ServiceAccount.
  if (wide.length > 0 && wanted.kind !== 'node') {
    findings.push({
      id: 'ROLE_TRUST_WIDE',
      severity: 'warning',
      subject,
      message: `its trust policy also allows ${wide.join(' and ')}`,
      cause: `Other callers can pull whatever the helper can: the conditions of the trust policy are wider than ${WHO[wanted.kind]}.`,
      fix: 'Allow only the helper in the trust policy; the command does that, and keeps the statements that allow no other caller.',
      command: closeTrust(wanted, facts),
    })
  }
  return findings
}

const WHO: Readonly<Record<WantedRole['kind'], string>> = {
  rrsa: "the helper's ServiceAccount",
  'worker-role': 'the nodes',
  chain: "the helper's identity",
  node: 'its ServiceAccounts on nodes',
}

/**
 * Compares the role's rights with the rights that it needs. Undefined: not everything could be
 * read.
 */
export function judgeRights({ document, accountId }: WantedRole, { attached }: RoleFacts): RightsVerdict | undefined {
  if (document === undefined || attached === undefined) return undefined
  const texts = attached.map((policy) => policy.document)
  return parseOrUndefined(() => missingRamRights(document, texts, accountId))
}

function checkRights(wanted: WantedRole, facts: RoleFacts): Found {
  const { name } = wanted
  const { attached = [] } = facts
  const lacking = judgeRights(wanted, facts)?.missing ?? []
  if (lacking.length === 0) return []
  const isDenied = lacking.some(({ denied }) => denied)
  const isLikely = lacking.every(({ likely }) => likely)
  const names = attached.map((policy) => policy.name)
  const what = summarize(lacking.map(describe), 3)
  return {
    id: 'ROLE_RIGHTS_MISSING',
    // If some repositories can be pulled, this may be intended. A merely likely problem must not
    // fail a check either.
    severity: isLikely || lacking.every(({ partly, denied }) => partly && !denied) ? 'warning' : 'error',
    subject: subjectOf(wanted),
    message: `${wanted.what} ${isLikely ? 'likely lacks permission for' : 'lacks permission for'} ${what}`,
    cause: [
      isDenied
        ? `A Deny in one of its policies (${summarize(names)}) forbids it; no other policy overrides that.`
        : `None of its policies (${names.length === 0 ? 'it has none' : summarize(names)}) allows it.`,
      ...(isLikely
        ? [
            'Alibaba Cloud does not document how RAM matches the resources in these policies, so this is likely, not certain.',
          ]
        : []),
    ].join(' '),
    fix: isDenied
      ? 'Remove the Deny, or narrow it.'
      : `Give the role that right with the command (or run \`acr-nopass apply\`), or narrow \`repositories\` in the values. ${SOON}`,
    command: isDenied ? shell`aliyun ram ListPoliciesForRole --RoleName ${quoted(name)}` : fixRights(wanted, facts),
  }
}

const describe = ({ action, resource, partly }: MissingRight): string =>
  `${action} on ${partly ? 'all of ' : ''}${resource === '*' ? 'all resources' : resource}`

/** Returns undefined if a document from RAM has an unknown form. */
function parseOrUndefined<T>(parse: () => T): T | undefined {
  try {
    return parse()
  } catch (error) {
    if (error instanceof DocumentError) return undefined
    throw error
  }
}
