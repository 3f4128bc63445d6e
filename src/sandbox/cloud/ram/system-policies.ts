const allow = (action: readonly string[], resource: string | readonly string[] = '*'): string =>
  JSON.stringify({ Version: '1', Statement: [{ Effect: 'Allow', Action: action, Resource: resource }] })

/** The system policies that users of acr-nopass are likely to use, by name. */
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
