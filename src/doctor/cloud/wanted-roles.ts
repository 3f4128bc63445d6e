import type { ServiceAccountView } from '../../installation/object-views.ts'
import { summarize } from '../../lib/text.ts'
import { accountOf } from '../../policy/helper-grants.ts'
import { type PolicyDocument, policyOf, unionDocuments } from '../../policy/normal-form.ts'
import { chainRoles, policyDocument } from '../../policy/policy-document.ts'
import { roleNameOf } from '../../policy/policy-targets.ts'
import { rrsaStatement } from '../../policy/trust-document.ts'
import type { HelperConfig } from '../../values/generated/helper-config.ts'
import { isForNamespace } from '../../values/own-targets.ts'

/** A role that the helper uses, with its required state. */
export interface WantedRole {
  readonly arn: string
  readonly accountId: string
  readonly name: string
  /** The role as a sentence names it, such as `the helper's role`. */
  readonly what: string
  readonly kind: 'rrsa' | 'worker-role' | 'chain' | 'node'
  /** Undefined: no permission is needed. */
  readonly document: PolicyDocument | undefined
  /** Undefined: the identity that must assume the role is unknown. */
  readonly trust: PolicyDocument | undefined
}

/** `workerRoles` are the nodes' roles; `issuer` is the issuer of the cluster's tokens. */
interface RoleSources {
  readonly accountId: string
  readonly workerRoles: readonly string[]
  readonly issuer: string | undefined
  /** ServiceAccounts that pull with a role of their own on nodes. */
  readonly accounts: readonly RoleAccount[]
}

export interface RoleAccount {
  readonly namespace: string
  readonly name: string
  readonly role: string
}

/** Anyone who may annotate a ServiceAccount names a role, so their number is bounded. */
const MOST_NODE_ROLES = 20

/** Returns the ServiceAccounts with the annotation of a role, if it is the ARN of a role. */
export function roleAccounts(accounts: readonly ServiceAccountView[] = []): readonly RoleAccount[] {
  const all = accounts.flatMap(({ namespace, name, pullRole = '' }) =>
    /^acs:ram::[0-9]{5,20}:role\/[\w.-]{1,64}$/.test(pullRole) ? [{ namespace, name, role: pullRole }] : [],
  )
  const roles = new Set([...new Set(all.map(({ role }) => role))].slice(0, MOST_NODE_ROLES))
  return all.filter(({ role }) => roles.has(role))
}

/** Returns the roles that the helper uses with a release's configuration. */
export function wantedRoles(config: HelperConfig, sources: RoleSources): readonly WantedRole[] {
  const ofNodes = listNodeRoles(config, sources)
  if (!config.helper.enabled) return ofNodes
  const own = identityRoles(config, sources)
  return [...own, ...listChainedRoles(config, own), ...ofNodes]
}

function listNodeRoles({ registries, identity }: HelperConfig, sources: RoleSources): readonly WantedRole[] {
  const provider = identity.rrsa?.oidcProviderArn
  return [...Map.groupBy(sources.accounts, ({ role }) => role)].map(([arn, users]) => {
    const { accountId, name } = partsOf(arn)
    const own = registries.filter((one) => users.some(({ namespace }) => isForNamespace(one, namespace)))
    const statements = users.flatMap(({ namespace, name: serviceAccount }) =>
      sources.issuer && provider
        ? [rrsaStatement({ oidcProviderArn: provider, issuer: sources.issuer, namespace, serviceAccount })]
        : [],
    )
    const names = users.map((user) => `${user.namespace}/${user.name}`)
    return {
      arn,
      accountId,
      name,
      what: `the role of ServiceAccount ${summarize(names, 3)} on nodes`,
      kind: 'node' as const,
      document: policyDocument(own, { scope: 'instance', accountId }),
      trust: statements.length > 0 ? policyOf(statements) : undefined,
    }
  })
}

function identityRoles({ identity, registries, release }: HelperConfig, sources: RoleSources): readonly WantedRole[] {
  const roleOf = (arn: string, kind: 'rrsa' | 'worker-role', trust: PolicyDocument | undefined): WantedRole => {
    const { accountId, name } = partsOf(arn)
    const document = policyDocument(registries, { scope: 'instance', accountId })
    const what = kind === 'rrsa' ? "the helper's role" : 'the worker role of the nodes'
    return { arn, accountId, name, what, kind, document, trust }
  }
  if (identity.type === 'worker-role') {
    return sources.workerRoles.map((name) => roleOf(`acs:ram::${sources.accountId}:role/${name}`, 'worker-role', ECS))
  }
  const { roleArn, oidcProviderArn } = identity.rrsa ?? {}
  if (identity.type !== 'rrsa' || !roleArn) return []
  const { issuer } = sources
  const { namespace, serviceAccount } = release
  const trust =
    issuer && oidcProviderArn
      ? policyOf([rrsaStatement({ oidcProviderArn, issuer, namespace, serviceAccount })])
      : undefined
  return [roleOf(roleArn, 'rrsa', trust)]
}

/** The trust policy that every role of ECS instances has. */
const ECS = policyOf([{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: ['ecs.aliyuncs.com'] } }])

function listChainedRoles({ registries }: HelperConfig, own: readonly WantedRole[]): readonly WantedRole[] {
  const arns = [...new Set(registries.flatMap(({ assumeRole }) => assumeRole.map(({ roleArn }) => roleArn)))]
  return arns.flatMap((arn) => {
    const { accountId, name } = partsOf(arn)
    const callers = own.length === 0 ? [UNKNOWN] : own.map((role) => role.arn)
    const wanted = callers.flatMap((callerArn) =>
      chainRoles(registries, { scope: 'instance', accountId, callerArn }).filter(({ roleArn }) => roleArn === arn),
    )
    const [first] = wanted
    if (first === undefined) return []
    const trust = unionDocuments(...wanted.map((one) => one.trust))
    const isKnown = !JSON.stringify(trust).includes(`"${UNKNOWN}"`)
    const what = `the role of ${usersOf(arn, registries).join(', ')}`
    const { document } = first
    return [{ arn, accountId, name, what, kind: 'chain' as const, document, trust: isKnown ? trust : undefined }]
  })
}

/** Placeholder for the user of an access key, because only the Secret names that user. */
const UNKNOWN = 'unknown'

function usersOf(arn: string, registries: HelperConfig['registries']): readonly string[] {
  return registries
    .filter(({ assumeRole }) => assumeRole.some(({ roleArn }) => roleArn === arn))
    .map(({ name }) => `registry ${name}`)
}

/** Splits a role's ARN into account and name. */
export function partsOf(arn: string): { readonly accountId: string; readonly name: string } {
  return { accountId: accountOf(arn) ?? '', name: roleNameOf(arn) }
}
