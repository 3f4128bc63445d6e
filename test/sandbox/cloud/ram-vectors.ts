/**
 * The examples of RAM policies on the vendor's pages. `docs` refers to
 * github.com/AlibabaCloudDocs/ram at commit 20c6e869c2e70425c9507eae0fb9e39550048eae (the sources
 * of the help pages), below `intl.en-US/`.
 */
const docs = (page: string): string => `AlibabaCloudDocs/ram@20c6e869: intl.en-US/${page}`
const help = (page: string): string => `https://www.alibabacloud.com/help/en/ram/${page}`

const SYNTAX = docs('Policy Management/Policy language/Policy structure and syntax.md')
const ELEMENTS = docs('Policy Management/Policy language/Policy elements.md')
const EVALUATION = docs('Policy Management/Policy language/Policy evaluation process.md')
const OSS = docs('Tutorials/Use RAM to manage OSS permissions.md')
const TIME = docs(
  'Tutorials/Use RAM to limit the period of time in which users are allowed to access Alibaba Cloud resources.md',
)
const HTTPS = docs('Tutorials/Use RAM to limit the methods of access to Alibaba Cloud resources.md')
const ADDRESS = docs(
  'Policy Management/Example policies/Access Alibaba Cloud resources by using a specific IP address or CIDR block.md',
)
const BILLING = docs(
  'Policy Management/Example policies/Manage information about all resources within an Alibaba Cloud account except billing information.md',
)
const QINGDAO = docs('Policy Management/Example policies/View ECS instances in a specific region.md')
const GROUPS = docs('Policy Management/Example policies/Manage ECS security groups within an Alibaba Cloud account.md')
const MFA_DEVICES = docs('Policy Management/Example policies/Authorize a RAM user to manage MFA devices.md')
const ROLES_FAQ = docs('FAQ/FAQ about RAM roles and STS tokens.md')
const TRUST = docs('RAM Role Management/Edit the trust policy of a RAM role.md')
const OPERATORS = help('conditional-operator')
const NOT_ACTION = help('policy-elements')

export interface Vector {
  readonly source: string
  readonly statements: readonly object[]
  readonly action: string
  readonly resource: string
  readonly context?: Readonly<Record<string, string>>
  readonly decision: 'allow' | 'explicit-deny' | 'implicit-deny'
}

type Row = readonly [action: string, resource: string, decision: Vector['decision'], context?: Vector['context']]

const of = (source: string, statements: readonly object[], ...rows: readonly Row[]): readonly Vector[] =>
  rows.map(([action, resource, decision, context]) => {
    return { source, statements, action, resource, decision, ...(context && { context }) }
  })

const allow = (Action: string | readonly string[], Resource: string | readonly string[] = '*', Condition?: object) => ({
  Effect: 'Allow',
  Action,
  Resource,
  ...(Condition && { Condition }),
})
const deny = (...rest: Parameters<typeof allow>) => ({ ...allow(...rest), Effect: 'Deny' })

const VM = 'acs:ecs:cn-qingdao:1234567890123456:instance/i-1'
const PHOTO = 'acs:oss:oss-cn-hangzhou:1234567890123456:myphotos/hangzhou/2015/1.jpg'
const BUCKET = 'acs:oss:oss-cn-hangzhou:1234567890123456:myphotos'
const prefix = (value: string, delimiter?: string) => ({
  'oss:Prefix': value,
  ...(delimiter !== undefined && { 'oss:Delimiter': delimiter }),
})
const at = (time: string) => ({ 'acs:CurrentTime': time })
const from = (address: string) => ({ 'acs:SourceIp': address })

export const POLICY_VECTORS: readonly Vector[] = [
  ...of(EVALUATION, [], ['ecs:StartInstance', VM, 'implicit-deny']),
  ...of(
    EVALUATION,
    [deny('ecs:*')],
    ['ecs:StartInstance', VM, 'explicit-deny'],
    ['oss:GetObject', PHOTO, 'implicit-deny'],
  ),
  ...of(
    SYNTAX,
    [allow('ecs:Describe*')],
    ['ecs:DescribeInstances', VM, 'allow'],
    ['ecs:StartInstance', VM, 'implicit-deny'],
  ),
  // "*" also matches zero characters.
  ...of(SYNTAX, [allow('ecs:Describe*')], ['ecs:Describe', VM, 'allow']),
  ...of(
    SYNTAX,
    [allow('ecs:StartInstance?')],
    ['ecs:StartInstances', VM, 'allow'],
    ['ecs:StartInstance', VM, 'implicit-deny'],
  ),
  ...of(
    BILLING,
    [allow('*'), deny(['bss:*', 'efc:*'])],
    ['ecs:StartInstance', VM, 'allow'],
    ['bss:PayOrder', 'acs:bss:*:1:*', 'explicit-deny'],
    ['efc:QueryBill', '*', 'explicit-deny'],
  ),
  ...of(
    QINGDAO,
    [allow('ecs:Describe*', 'acs:ecs:cn-qingdao:*:instance/*')],
    ['ecs:DescribeInstances', VM, 'allow'],
    ['ecs:DescribeInstances', VM.replace('qingdao', 'beijing'), 'implicit-deny'],
    ['ecs:DescribeDisks', VM.replace('instance/i-1', 'disk/d-1'), 'implicit-deny'],
    ['ecs:DescribeSnapshots', VM.replace('instance/i-1', 'snapshot/s-1'), 'implicit-deny'],
  ),
  ...of(
    GROUPS,
    [allow('ecs:*SecurityGroup*')],
    ['ecs:AuthorizeSecurityGroupEgress', VM, 'allow'],
    ['ecs:CreateSecurityGroup', VM, 'allow'],
    ['ecs:DescribeInstances', VM, 'implicit-deny'],
  ),
  ...of(
    MFA_DEVICES,
    [allow(['ram:GetUserMFAInfo', 'ram:BindMFADevice'], 'acs:ram:*:*:user/alice'), allow('ram:CreateVirtualMFADevice')],
    ['ram:BindMFADevice', 'acs:ram:*:1234567890123456:user/alice', 'allow'],
    ['ram:BindMFADevice', 'acs:ram:*:1234567890123456:user/bob', 'implicit-deny'],
    ['ram:CreateVirtualMFADevice', 'acs:ram:*:1234567890123456:mfa/*', 'allow'],
  ),
  ...of(
    NOT_ACTION,
    [{ Effect: 'Allow', NotAction: 'ram:*', Resource: '*' }],
    ['ecs:StartInstance', VM, 'allow'],
    ['ram:CreateUser', 'acs:ram:*:1:user/x', 'implicit-deny'],
    // Actions are "generally not case-sensitive".
    ['RAM:createuser', 'acs:ram:*:1:user/x', 'implicit-deny'],
  ),
  ...of(NOT_ACTION, [allow('ECS:describe*')], ['ecs:DescribeInstances', VM, 'allow']),
  // The ARN of the same role, as in policies and as in the RAM console.
  ...of(
    ROLES_FAQ,
    [allow('sts:AssumeRole', 'acs:ram:*:1234567890123456:role/reader')],
    ['sts:AssumeRole', 'acs:ram::1234567890123456:role/reader', 'allow'],
    ['sts:AssumeRole', 'acs:ram:*:1234567890123456:role/writer', 'implicit-deny'],
    ['sts:AssumeRole', 'acs:ram:*:6543210987654321:role/reader', 'implicit-deny'],
  ),
  ...of(
    ROLES_FAQ,
    [allow('sts:AssumeRole', 'acs:ram::1234567890123456:role/reader')],
    ['sts:AssumeRole', 'acs:ram:*:1234567890123456:role/reader', 'allow'],
  ),
  ...of(
    OSS,
    [allow('oss:*', ['acs:oss:*:*:myphotos', 'acs:oss:*:*:myphotos/*'])],
    ['oss:ListObjects', BUCKET, 'allow'],
    ['oss:PutObject', PHOTO, 'allow'],
    ['oss:PutObject', PHOTO.replace('myphotos', 'yourphotos'), 'implicit-deny'],
    ['oss:ListObjects', `${BUCKET}2`, 'implicit-deny'],
  ),
  ...of(
    OSS,
    [allow('oss:ListObjects', 'acs:oss:*:*:myphotos', { StringLike: { 'oss:Prefix': 'hangzhou/2015/*' } })],
    ['oss:ListObjects', BUCKET, 'allow', prefix('hangzhou/2015/')],
    ['oss:ListObjects', BUCKET, 'allow', prefix('hangzhou/2015/may')],
    ['oss:ListObjects', BUCKET, 'implicit-deny', prefix('Hangzhou/2015/')],
    ['oss:ListObjects', BUCKET, 'implicit-deny', prefix('')],
    ['oss:ListObjects', BUCKET, 'implicit-deny'],
  ),
  // An empty value among others, and two keys that must both match.
  ...of(
    OSS,
    [
      allow('oss:ListObjects', 'acs:oss:*:*:myphotos', {
        StringLike: { 'oss:Delimiter': '/', 'oss:Prefix': ['', 'hangzhou/', 'hangzhou/2015/*'] },
      }),
    ],
    ['oss:ListObjects', BUCKET, 'allow', prefix('', '/')],
    ['oss:ListObjects', BUCKET, 'allow', prefix('hangzhou/2015/may', '/')],
    ['oss:ListObjects', BUCKET, 'implicit-deny', prefix('beijing/', '/')],
    ['oss:ListObjects', BUCKET, 'implicit-deny', prefix('hangzhou/', ',')],
    ['oss:ListObjects', BUCKET, 'implicit-deny', prefix('hangzhou/')],
  ),
  ...of(
    OSS,
    [allow('oss:*'), deny('oss:*', '*', { NotIpAddress: { 'acs:SourceIp': ['192.168.0.0/16'] } })],
    ['oss:GetObject', PHOTO, 'allow', from('192.168.7.1')],
    ['oss:GetObject', PHOTO, 'explicit-deny', from('192.169.0.1')],
  ),
  ...of(
    ADDRESS,
    [allow('ecs:*', '*', { IpAddress: { 'acs:SourceIp': ['192.168.0.0/16', '172.16.215.218'] } })],
    ['ecs:StartInstance', VM, 'allow', from('192.168.255.255')],
    ['ecs:StartInstance', VM, 'allow', from('172.16.215.218')],
    ['ecs:StartInstance', VM, 'implicit-deny', from('172.16.215.219')],
    ['ecs:StartInstance', VM, 'implicit-deny'],
  ),
  ...of(
    HTTPS,
    [allow('ecs:*', '*', { Bool: { 'acs:SecureTransport': 'true' } })],
    ['ecs:StartInstance', VM, 'allow', { 'acs:SecureTransport': 'true' }],
    ['ecs:StartInstance', VM, 'implicit-deny', { 'acs:SecureTransport': 'false' }],
  ),
  ...of(
    TIME,
    [allow('ecs:*', '*', { DateLessThan: { 'acs:CurrentTime': '2019-08-12T17:00:00+08:00' } })],
    ['ecs:StartInstance', VM, 'allow', at('2019-08-12T08:59:59Z')],
    ['ecs:StartInstance', VM, 'implicit-deny', at('2019-08-12T09:00:00Z')],
    ['ecs:StartInstance', VM, 'implicit-deny', at('2019-08-12T17:00:00Z')],
  ),
  // "A condition block is met only if all of its conditions are met"
  ...of(
    ELEMENTS,
    [allow('ecs:*', '*', { Bool: { 'acs:MFAPresent': 'true' }, IpAddress: { 'acs:SourceIp': '121.0.27.1' } })],
    ['ecs:StartInstance', VM, 'allow', { 'acs:MFAPresent': 'true', ...from('121.0.27.1') }],
    ['ecs:StartInstance', VM, 'implicit-deny', { 'acs:MFAPresent': 'false', ...from('121.0.27.1') }],
    ['ecs:StartInstance', VM, 'implicit-deny', { 'acs:MFAPresent': 'true', ...from('121.0.27.2') }],
  ),
  ...(
    [
      ['StringEquals', 'dev', 'dev', 'ops'],
      ['StringEquals', 'dev', 'dev', 'DEV'],
      ['StringEquals', 'd*v', 'd*v', 'dev'],
      ['StringNotEquals', 'dev', 'DEV', 'dev'],
      ['StringEqualsIgnoreCase', 'dev', 'DEV', 'ops'],
      ['StringNotEqualsIgnoreCase', 'dev', 'ops', 'DEV'],
      ['StringLike', 'd?v*', 'devs', 'dv'],
      ['StringLike', 'd*', 'd', 'D'],
      ['StringNotLike', 'd*', 'ops', 'dev'],
      ['NumericEquals', '10', '10', '9'],
      ['NumericNotEquals', '10', '9', '10'],
      ['NumericLessThan', '10', '9', '10'],
      ['NumericLessThanEquals', '10', '10', '11'],
      ['NumericGreaterThan', '10', '11', '10'],
      ['NumericGreaterThanEquals', '9', '10', '8'],
      ['DateEquals', '2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z', '2026-01-01T00:00:01Z'],
      ['DateNotEquals', '2026-01-01T00:00:00Z', '2026-01-01T00:00:01Z', '2026-01-01T00:00:00Z'],
      ['DateLessThanEquals', '2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z', '2026-01-01T00:00:01Z'],
      ['DateGreaterThan', '2026-01-01T00:00:00Z', '2026-01-01T00:00:01Z', '2026-01-01T00:00:00Z'],
      ['DateGreaterThanEquals', '2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z', '2025-12-31T23:59:59Z'],
      ['Bool', 'false', 'false', 'true'],
      ['IpAddress', '10.0.0.0/8', '10.255.0.1', '11.0.0.1'],
      ['NotIpAddress', '10.0.0.0/8', '11.0.0.1', '10.0.0.1'],
    ] as const
  ).flatMap(([operator, value, met, missed]) =>
    of(
      OPERATORS,
      [allow('ecs:*', '*', { [operator]: { 'acs:ResourceTag/team': [value] } })],
      ['ecs:StartInstance', VM, 'allow', { 'acs:ResourceTag/team': met }],
      ['ecs:StartInstance', VM, 'implicit-deny', { 'acs:ResourceTag/team': missed }],
    ),
  ),
]

export interface TrustVector {
  readonly source: string
  readonly principal: Readonly<Record<string, readonly string[]>>
  readonly condition?: Readonly<Record<string, Readonly<Record<string, string>>>>
  readonly kind: 'RAM' | 'Service' | 'Federated'
  readonly name: string
  readonly context?: Readonly<Record<string, string>>
  readonly trusted: boolean
}

const RECIPIENT = 'https://signin.alibabacloud.com/saml-role/sso'
const saml = {
  source: TRUST,
  principal: { Federated: ['acs:ram::1234567890123456:saml-provider/testprovider'] },
  condition: { StringEquals: { 'saml:recipient': RECIPIENT } },
  kind: 'Federated',
} as const
const byAccount = { source: TRUST, principal: { RAM: ['acs:ram::1234567890123456:root'] }, kind: 'RAM' } as const
const byUser = { source: TRUST, principal: { RAM: ['acs:ram::1234567890123456:user/testuser'] }, kind: 'RAM' } as const
const byRole = { source: TRUST, principal: { RAM: ['acs:ram::1234567890123456:role/testrole'] }, kind: 'RAM' } as const
const byService = { source: TRUST, principal: { Service: ['ecs.aliyuncs.com'] }, kind: 'Service' } as const

export const TRUST_VECTORS: readonly TrustVector[] = [
  { ...byAccount, name: 'acs:ram::1234567890123456:user/testuser', trusted: true },
  { ...byAccount, name: 'acs:ram::1234567890123456:role/testrole', trusted: true },
  { ...byAccount, name: 'acs:ram::6543210987654321:user/testuser', trusted: false },
  { ...byUser, name: 'acs:ram::1234567890123456:user/testuser', trusted: true },
  { ...byUser, name: 'acs:ram::1234567890123456:user/other', trusted: false },
  { ...byUser, name: 'acs:ram::1234567890123456:role/testuser', trusted: false },
  { ...byRole, name: 'acs:ram::1234567890123456:role/testrole', trusted: true },
  { ...byRole, name: 'acs:ram::6543210987654321:role/testrole', trusted: false },
  { ...byService, name: 'ecs.aliyuncs.com', trusted: true },
  { ...byService, name: 'fc.aliyuncs.com', trusted: false },
  { ...saml, name: saml.principal.Federated[0], context: { 'saml:recipient': RECIPIENT }, trusted: true },
  { ...saml, name: saml.principal.Federated[0], context: { 'saml:recipient': 'https://example.com' }, trusted: false },
  {
    ...saml,
    name: 'acs:ram::1234567890123456:saml-provider/other',
    context: { 'saml:recipient': RECIPIENT },
    trusted: false,
  },
]
