import type { Principal } from '../state.ts'

/** As in the vendor's responses, the role's name is in lower case. */
export function roleArn(accountId: string, name: string): string {
  return `acs:ram::${accountId}:role/${name.toLowerCase()}`
}

export function oidcProviderArn(accountId: string, name: string): string {
  return `acs:ram::${accountId}:oidc-provider/${name}`
}

export function principalArn(principal: Principal): string {
  const { kind, accountId, name } = principal
  if (kind === 'user') return `acs:ram::${accountId}:user/${name}`
  return `acs:ram::${accountId}:assumed-role/${name.toLowerCase()}/${principal.session.name}`
}

/** Parses `acs:ram::<account>:<kind>/<name>`; undefined for anything else. */
export function parseArn(arn: string, kind: 'role' | 'oidc-provider') {
  const [, accountId, found, name] = /^acs:ram::(\d{1,20}):([a-z-]+)\/(.+)$/.exec(arn) ?? []
  return accountId !== undefined && name !== undefined && found === kind ? { accountId, name } : undefined
}
