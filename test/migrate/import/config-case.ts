/**
 * One `acr-configuration`, as the add-on's documentation and users write it, and the result of its
 * import.
 */
export interface ConfigCase {
  readonly title: string
  readonly data: Readonly<Record<string, string>>
  /** The cluster's region, default cn-hangzhou; `unknown`: the region is not known. */
  readonly region?: string
  /** The differences of each registry from the plain entry. */
  readonly registries?: readonly object[]
  readonly namespaces?: object
  readonly serviceAccounts?: readonly string[]
  readonly identity?: object
  /** The kind of each note, and a word of its text. */
  readonly notes?: readonly (readonly [kind: string, word: string])[]
  /** The code of each error and a word of its text, if the import has no result. */
  readonly refused?: readonly (readonly [code: string, word: string])[]
}

export const ROLE_A: string = 'acs:ram::1234567890123456:role/account-a'
export const ROLE_B: string = 'acs:ram::6543210987654321:role/account-b'
export const PROVIDER: string = 'acs:ram::1234567890123456:oidc-provider/ack-rrsa-c0123'
export const one = (id: string, region = 'cn-hangzhou'): object => ({
  name: id,
  edition: 'enterprise',
  instanceId: id,
  region,
})
export const info = (...lines: string[]): { 'acr-registry-info': string } => ({
  'acr-registry-info': `${lines.join('\n')}\n`,
})
export const personal = (region: string): object => ({ name: `personal-${region}`, edition: 'personal', region })

export function regionOf({ region = 'cn-hangzhou' }: ConfigCase): string | undefined {
  return region === 'unknown' ? undefined : region
}
