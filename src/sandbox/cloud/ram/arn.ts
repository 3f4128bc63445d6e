import type { Principal } from '../state.ts'

/** ARNs of RAM entities; a role's name is in lower case there, as the vendor writes it. */
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
  if (principal.kind === 'account') return `acs:ram::${principal.accountId}:root`
  if (principal.kind === 'user') return userArn(principal.accountId, principal.name)
  const role = principal.name.toLowerCase()
  return `acs:ram::${principal.accountId}:assumed-role/${role}/${principal.session.name}`
}

export interface ParsedArn {
  readonly accountId: string
  readonly name: string
}

/** `acs:ram::<account>:<kind>/<name>`; undefined where it is none. */
export function parseArn(arn: string, kind: 'role' | 'user' | 'oidc-provider'): ParsedArn | undefined {
  const [, accountId, found, name] = /^acs:ram::(\d{1,20}):([a-z-]+)\/(.+)$/.exec(arn) ?? []
  return accountId !== undefined && name !== undefined && found === kind ? { accountId, name } : undefined
}
