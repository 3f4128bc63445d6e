import type { CloudFacts } from '../../src/doctor/cloud/inspect-cloud.ts'
import type { Observed } from '../../src/doctor/observed.ts'
import type { Statement } from '../../src/policy/normal-form.ts'
import { rrsaStatement } from '../../src/policy/trust-document.ts'
import { allow, ECS, observeCloud as observe, role, text } from './cloud-fixture.ts'
import { type Row, testFindings } from './finding-table.ts'
import { failure, fixture, registry } from './fixture.ts'

const NODES = 'role nodes of account 1'
const ARN = 'acs:ram::1234567890123456:role/r'
const PROVIDER = 'acs:ram::1234567890123456:oidc-provider/ack-rrsa-c1'
const ISSUER = 'https://oidc-ack.example/c1'
const RRSA = { type: 'rrsa', rrsa: { roleArn: ARN, oidcProviderArn: PROVIDER } }
const helperRole = 'role r of account 1234567890123456'

const trusting = (...statements: readonly Statement[]) =>
  role({ role: { name: 'nodes', description: '', trust: text(...statements), ours: false } })
const withPolicies = (...documents: readonly string[]) =>
  role({ attached: documents.map((document, index) => ({ name: `p${index + 1}`, custom: true, document })) })

const ROLES: readonly Row[] = [
  {
    title: 'a role that does not exist',
    observed: observe({ role: role({ role: null }) }),
    finds: [['error', 'ROLE_MISSING', NODES]],
    says: 'it does not exist, but is the worker role of the nodes',
    message:
      /^RAM has no role acs:ram::1:role\/nodes: [\s\S]*takes effect within about a minute[\s\S]*\naliyun ram CreateRole /,
  },
  {
    title: 'a role that the nodes may not assume',
    observed: observe({ role: trusting({ ...ECS, Principal: { Service: ['fc.aliyuncs.com'] } }) }),
    finds: [['error', 'ROLE_TRUST_DIFFERS', NODES]],
    says: 'its trust policy does not allow the nodes to assume it',
    message: /^it does not name ecs\.aliyuncs\.com \(it names fc\.aliyuncs\.com\)\.\n[\s\S]*\naliyun ram UpdateRole /,
  },
  {
    title: 'a role with a denied right and a missing right: the denied right comes first',
    observed: observe({
      role: withPolicies(text(allow('cr:Get*'), { Effect: 'Deny', Action: 'cr:PullRepository', Resource: '*' })),
    }),
    finds: [['error', 'ROLE_RIGHTS_MISSING', NODES]],
    message: /^A Deny in one of its policies/,
  },
  {
    title: 'without a configuration it is not known which roles and instances the helper needs',
    observed: observe({
      role: role({ role: null }),
      fixture: { release: { config: undefined, configError: 'no YAML.' } },
    }),
    finds: [['error', 'CONFIG_UNREADABLE', 'configuration acr-nopass/acr-nopass']],
  },
  {
    title: 'a role without any policy',
    observed: observe({ role: withPolicies() }),
    finds: [['error', 'ROLE_RIGHTS_MISSING', NODES]],
    message: /^None of its policies \(it has none\) allows it\.\nGive the role that right/,
  },
  {
    title: 'a role with a policy that has nothing to do with images',
    observed: observe({ role: withPolicies(text(allow('ecs:*'))) }),
    finds: [['error', 'ROLE_RIGHTS_MISSING', NODES]],
    message: /^None of its policies \(p1\) allows it\.\n/,
  },
  {
    title: 'a role whose Deny forbids the pull: no other policy helps',
    observed: observe({
      role: withPolicies(text(allow('cr:*'), { Effect: 'Deny', Action: 'cr:*', Resource: '*' })),
    }),
    finds: [['error', 'ROLE_RIGHTS_MISSING', NODES]],
    message:
      /^A Deny in one of its policies \(p1\) forbids it; no other policy overrides that\.\nRemove the Deny, or narrow it\.\naliyun ram ListPoliciesForRole --RoleName nodes$/,
  },
  {
    title: 'a role that may pull some repositories: that may be what is wanted',
    observed: observe({
      role: withPolicies(
        text(allow('cr:Get*'), allow('cr:List*'), allow('cr:*', 'acs:cr:*:*:repository/cri-abc123/team/*')),
      ),
    }),
    finds: [['warning', 'ROLE_RIGHTS_MISSING', NODES]],
    says: 'the worker role of the nodes lacks permission for cr:PullRepository on all of acs:cr:cn-hangzhou:1:repository/cri-abc123/*',
  },
  {
    title: 'a role that may pull some repositories and is denied the others is an error',
    observed: observe({
      role: withPolicies(
        text(allow('cr:*'), { Effect: 'Deny', Action: 'cr:PullRepository', Resource: 'acs:cr:*:*:repository/*' }),
      ),
    }),
    finds: [['error', 'ROLE_RIGHTS_MISSING', NODES]],
  },
  {
    title: 'rights that may not be read are not reported as missing',
    observed: observe({ role: role({ attached: undefined }) }),
    finds: [],
  },
  {
    title: 'a policy in an unknown form leads to no finding about rights',
    observed: observe({ role: withPolicies('{') }),
    finds: [],
  },
]

interface Rrsa {
  readonly provider?: CloudFacts['oidcProvider']
  readonly issuers?: readonly string[]
  /** `null`: not readable. */
  readonly served?: string | null
  readonly subject?: string
  /** The trust policy has no condition on the ServiceAccount. */
  readonly isOpen?: true
  readonly fixture?: Parameters<typeof fixture>[0]
}

function withoutSubject(statement: Statement): Statement {
  const { Condition = {} } = statement as { readonly Condition?: Readonly<Record<string, object>> }
  const rest = Object.entries(Condition.StringEquals ?? {}).filter(([key]) => key !== 'oidc:sub')
  return { ...statement, Condition: { StringEquals: Object.fromEntries(rest) } }
}

/** A cluster whose helper has a role of its own. */
function withRrsa({
  provider,
  issuers = [ISSUER],
  served = ISSUER,
  subject = 'acr-nopass',
  isOpen,
  ...more
}: Rrsa): Observed {
  const statement = rrsaStatement({
    oidcProviderArn: PROVIDER,
    issuer: ISSUER,
    namespace: 'acr-nopass',
    serviceAccount: subject,
  })
  const facts = role({
    role: { name: 'r', description: '', trust: text(isOpen ? withoutSubject(statement) : statement), ours: false },
  })
  return observe({
    facts: {
      oidcProvider: provider,
      issuers: [...issuers],
      roles: new Map([[ARN, { ...facts, attached: undefined }]]),
      instances: new Map(),
    },
    fixture: { config: { identity: RRSA }, issuer: served ?? undefined, ...more.fixture },
  })
}
const good = { issuer: ISSUER, clientIds: ['sts.aliyuncs.com'] }

const IDENTITIES: readonly Row[] = [
  {
    title: 'a role of the helper and its provider without a problem',
    observed: withRrsa({ provider: good }),
    finds: [],
  },
  {
    title: 'a provider that may not be read is not reported as missing',
    observed: withRrsa({ provider: undefined }),
    finds: [],
  },
  {
    title: 'a provider that does not exist',
    observed: withRrsa({ provider: null }),
    finds: [['error', 'OIDC_PROVIDER_WRONG', 'OIDC provider ack-rrsa-c1']],
    says: 'it does not exist',
    message:
      /\naliyun ims CreateOIDCProvider --OIDCProviderName ack-rrsa-c1 --IssuerUrl https:\/\/oidc-ack\.example\/c1 --ClientIds sts\.aliyuncs\.com --Fingerprints '<fingerprints>'$/,
  },
  {
    title: 'a provider that does not exist, while the issuer is not known',
    observed: withRrsa({ provider: null, issuers: [], served: null }),
    finds: [['error', 'OIDC_PROVIDER_WRONG', 'OIDC provider ack-rrsa-c1']],
    message: /--IssuerUrl '<issuer>' /,
  },
  {
    title: 'the provider of another cluster',
    observed: withRrsa({ provider: { ...good, issuer: 'https://elsewhere' } }),
    finds: [['error', 'OIDC_PROVIDER_WRONG', 'OIDC provider ack-rrsa-c1']],
    says: `its issuer is https://elsewhere, but this cluster's issuer is ${ISSUER}`,
    message: /\naliyun ims ListOIDCProviders$/,
  },
  {
    title: 'a provider whose issuer cannot be compared, because that of the cluster is not known',
    observed: withRrsa({ provider: { ...good, issuer: 'https://elsewhere' }, issuers: [], served: null }),
    finds: [],
  },
  {
    title: 'a provider that lacks the audience keeps its other audiences',
    observed: withRrsa({ provider: { ...good, clientIds: ['a', 'b'] } }),
    finds: [['error', 'OIDC_PROVIDER_WRONG', 'OIDC provider ack-rrsa-c1']],
    says: 'it does not accept the audience sts.aliyuncs.com',
    message:
      /^Its client ids are a, b, but [\s\S]*\naliyun ims UpdateOIDCProvider --OIDCProviderName ack-rrsa-c1 --ClientIds a,b,sts\.aliyuncs\.com$/,
  },
  {
    title: 'a provider without any audience',
    observed: withRrsa({ provider: { ...good, clientIds: [] } }),
    finds: [['error', 'OIDC_PROVIDER_WRONG', 'OIDC provider ack-rrsa-c1']],
    message: /^Its client ids are none, but /,
  },
  {
    title: 'a role that trusts another ServiceAccount',
    observed: withRrsa({ provider: good, subject: 'other' }),
    finds: [['error', 'ROLE_TRUST_DIFFERS', helperRole]],
    says: "its trust policy does not allow the helper's ServiceAccount to assume it",
  },
  {
    title: 'a role that trusts every ServiceAccount of the namespace',
    observed: withRrsa({ provider: good, subject: '*' }),
    finds: [['error', 'ROLE_TRUST_DIFFERS', helperRole]],
  },
  {
    title: 'a role that trusts every ServiceAccount of the cluster',
    observed: withRrsa({ provider: good, isOpen: true }),
    finds: [['warning', 'ROLE_TRUST_WIDE', helperRole]],
    says: 'its trust policy also allows other ServiceAccounts of namespace acr-nopass and ServiceAccounts of other namespaces',
    message:
      /^Other callers can pull whatever the helper can: [^\n]+ are wider than the helper's ServiceAccount\.\nAllow only the helper[^\n]+\naliyun ram UpdateRole /,
  },
  {
    title: 'an issuer that ACK does not list',
    observed: withRrsa({ provider: { ...good, issuer: 'https://elsewhere' }, issuers: ['https://a', 'https://b'] }),
    finds: [
      ['error', 'OIDC_ISSUER_MISMATCH', "issuer of the cluster's tokens"],
      ['error', 'OIDC_PROVIDER_WRONG', 'OIDC provider ack-rrsa-c1'],
    ],
    says: 'ACK does not list this issuer, so RAM rejects the tokens',
    message: /RAM checks tokens against the issuer that ACK registered\.[\s\S]*--ClusterId c1$/,
  },
]

/** A registry whose refresh fails for the given code, and reason of the cloud. */
const failing = (code: string, reason?: string, change: Parameters<typeof fixture>[0] = {}): Observed =>
  fixture({
    ...change,
    registries: [registry({ state: 'failing', error: { ...failure(code), reason: reason as never } })],
  })
const rrsa = { config: { identity: RRSA } }
const accessKey = { config: { identity: { type: 'access-key', accessKey: { existingSecret: 'ram-key' } } } }

const REASONS: readonly Row[] = (
  [
    ['CLOUD_DENIED', undefined, 'RAM_DENIED', /Give the role the policy[\s\S]*\nacr-nopass policy -f values\.yaml$/],
    [
      'IDENTITY_UNAVAILABLE',
      undefined,
      'IDENTITY_MISSING',
      /\nkubectl -n acr-nopass describe pods -l app\.kubernetes\.io\/instance=acr-nopass$/,
    ],
    ['CREDENTIALS_MISSING', undefined, 'IDENTITY_MISSING', /\nkubectl -n acr-nopass describe pods /],
    ['CREDENTIALS_REFUSED', undefined, 'CREDENTIALS_REFUSED', /\nacr-nopass refresh$/],
    ['CREDENTIALS_EXPIRED', undefined, 'CREDENTIALS_REFUSED', /\nacr-nopass refresh$/],
    [
      'CLOUD_UNREACHABLE',
      undefined,
      'CLOUD_OUT_OF_REACH',
      /Allow traffic from the Pods of the helper[\s\S]*\nacr-nopass refresh$/,
    ],
    ['CLOUD_NOT_FOUND', undefined, 'INSTANCE_NOT_FOUND', /\naliyun cr ListInstance --region cn-hangzhou$/],
    ['REGISTRY_NOT_FOUND', undefined, 'INSTANCE_NOT_FOUND', /\naliyun cr ListInstance --region cn-hangzhou$/],
    ['CLOUD_CLOCK', undefined, 'CLOCK_SKEW', /\nkubectl get nodes -o wide$/],
    ['REGISTRY_LOGIN_REFUSED', undefined, 'REGISTRY_REFUSES', /\nacr-nopass refresh$/],
    ['LIMIT_NOT_ACCEPTED', undefined, 'LIMIT_NOT_ACCEPTED', /\nacr-nopass policy -f values\.yaml$/],
    [
      'CLOUD_NOT_FOUND',
      'EntityNotExist.Role',
      'ROLE_MISSING',
      /Create the role with the trust[\s\S]*\nacr-nopass policy -f values\.yaml$/,
    ],
    ['CLOUD_REJECTED', 'INSTANCE_STATUS_NOT_SUPPORT', 'INSTANCE_NOT_RUNNING', /renew the instance/],
    [
      'IDENTITY_NOT_TRUSTED',
      'AuthenticationFail.OIDCToken.HttpsUrlInvalid',
      'ROLE_NOT_TRUSTED',
      /\naliyun ims ListOIDCProviders$/,
    ],
    [
      'IDENTITY_NOT_TRUSTED',
      'AuthenticationFail.OIDCToken.AudienceNotMatch',
      'ROLE_NOT_TRUSTED',
      /\naliyun ims ListOIDCProviders$/,
    ],
  ] as const
).map(
  ([code, reason, id, message]): Row => ({
    title: `a registry that fails with ${reason ?? code} has the command that shows why`,
    observed: failing(code, reason),
    finds: [['error', id, 'registry demo']],
    message,
  }),
)

const FAILURES: readonly Row[] = [
  ...REASONS,
  {
    title: 'an access key that RAM rejects is looked up in its Secret',
    observed: failing('CREDENTIALS_REFUSED', undefined, accessKey),
    finds: [['error', 'CREDENTIALS_REFUSED', 'registry demo']],
    message: /\nkubectl -n acr-nopass describe secret ram-key$/,
  },
  {
    title: 'a worker role that is not trusted has no ServiceAccount to trust',
    observed: failing('IDENTITY_NOT_TRUSTED', 'NoPermission'),
    finds: [['error', 'ROLE_NOT_TRUSTED', 'registry demo']],
    message:
      /^the role may not do it \(NoPermission\)\nGive the role exactly that trust policy[^\n]*\nacr-nopass policy -f values\.yaml$/,
  },
  {
    title: "a role that does not trust the helper, while the cluster's issuer is not known",
    observed: failing('IDENTITY_NOT_TRUSTED', 'NoPermission', rrsa),
    finds: [['error', 'ROLE_NOT_TRUSTED', 'registry demo']],
    message:
      /role\/r has to trust oidc:sub system:serviceaccount:acr-nopass:acr-nopass, oidc:iss this cluster's issuer and oidc:aud sts\.aliyuncs\.com[\s\S]*\nacr-nopass policy -f values\.yaml --namespace acr-nopass --release acr-nopass --oidc-provider-arn \S+$/,
  },
]

testFindings([...ROLES, ...IDENTITIES, ...FAILURES])
