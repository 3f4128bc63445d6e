const allow = (action: readonly string[], resource: string | readonly string[] = '*'): string =>
  JSON.stringify({ Version: '1', Statement: [{ Effect: 'Allow', Action: action, Resource: resource }] })

/** System policies that a user of this product meets, by name; documents as the vendor publishes them. */
export const SYSTEM_POLICIES: ReadonlyMap<string, string> = new Map([
  ['AdministratorAccess', allow(['*'])],
  ['ReadOnlyAccess', allow(['*:Describe*', '*:List*', '*:Get*', '*:Query*', '*:BatchGet*'])],
  ['AliyunSTSAssumeRoleAccess', allow(['sts:AssumeRole'])],
  ['AliyunRAMFullAccess', allow(['ram:*'])],
  ['AliyunRAMReadOnlyAccess', allow(['ram:Get*', 'ram:List*'])],
  ['AliyunCSFullAccess', allow(['cs:*'])],
  ['AliyunCSReadOnlyAccess', allow(['cs:Get*', 'cs:List*', 'cs:Describe*'])],
  ['AliyunContainerRegistryFullAccess', allow(['cr:*'])],
  ['AliyunContainerRegistryReadOnlyAccess', allow(['cr:Get*', 'cr:List*', 'cr:PullRepository'], ['*'])],
  [
    'AliyunCSManagedAcrRolePolicy',
    allow(['cr:GetAuthorizationToken', 'cr:ListInstanceEndpoint', 'cr:PullRepository'], ['*']),
  ],
])

export function systemPolicyName(name: string): string | undefined {
  return [...SYSTEM_POLICIES.keys()].find((known) => known.toLowerCase() === name.toLowerCase())
}
