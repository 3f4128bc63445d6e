import { isoDate } from '../operation.ts'
import type { Account, Attachment, Policy, PolicyType, PolicyVersion, Principal, Role } from '../state.ts'
import { attachmentCount } from './lookup.ts'

export function policyView(account: Account, policy: Policy, type: PolicyType): object {
  return {
    PolicyName: policy.name,
    PolicyType: type,
    Description: policy.description,
    DefaultVersion: policy.defaultVersion,
    CreateDate: isoDate(policy.created),
    UpdateDate: isoDate(policy.updated),
    AttachmentCount: attachmentCount(account, policy.name, type),
  }
}

export function versionView(policy: Policy, version: PolicyVersion): object {
  return {
    VersionId: version.id,
    IsDefaultVersion: version.id === policy.defaultVersion,
    PolicyDocument: version.document,
  }
}

export function attachedPolicyView(policy: Policy, attachment: Attachment): object {
  return {
    PolicyName: policy.name,
    PolicyType: attachment.type,
    DefaultVersion: policy.defaultVersion,
    Description: policy.description,
  }
}

export function roleView(account: Account, role: Role): object {
  return {
    RoleName: role.name,
    RoleId: role.id,
    Arn: roleArn(account.id, role.name),
    Description: role.description,
    AssumeRolePolicyDocument: role.trust,
    MaxSessionDuration: role.maxSessionSeconds,
  }
}

/** As in the vendor's responses, the role's name is in lower case. */
export function roleArn(accountId: string, name: string): string {
  return `acs:ram::${accountId}:role/${name.toLowerCase()}`
}

function userArn(accountId: string, name: string): string {
  return `acs:ram::${accountId}:user/${name}`
}

export function oidcProviderArn(accountId: string, name: string): string {
  return `acs:ram::${accountId}:oidc-provider/${name}`
}

export function principalArn(principal: Principal): string {
  if (principal.kind === 'user') return userArn(principal.accountId, principal.name)
  const role = principal.name.toLowerCase()
  return `acs:ram::${principal.accountId}:assumed-role/${role}/${principal.session.name}`
}

export interface ParsedArn {
  readonly accountId: string
  readonly name: string
}

/** Parses `acs:ram::<account>:<kind>/<name>`; undefined for anything else. */
export function parseArn(arn: string, kind: 'role' | 'user' | 'oidc-provider'): ParsedArn | undefined {
  const [, accountId, found, name] = /^acs:ram::(\d{1,20}):([a-z-]+)\/(.+)$/.exec(arn) ?? []
  return accountId !== undefined && name !== undefined && found === kind ? { accountId, name } : undefined
}
