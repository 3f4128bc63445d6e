import { SUBJECT } from './helper-fixture.ts'
import { control, now, ofRelease, type ReadCase, run } from './read-case.ts'
import { CLUSTER_ID, OWN, ownTrust, type ReadFixture, VPC, VSWITCH } from './read-fixture.ts'
import { runCommands } from './run-commands.ts'

/** The SHA-1 fingerprint of a certificate, as openssl prints it without colons. */
const FINGERPRINT = '902ef2deeb3c5b13ea4c3d5193629309e231ae55'
const ROLE = 'helper-by-rrsa'
const RAM = '2015-05-01'
const IMS = '2019-08-15'
const ELSEWHERE = 'https://oidc-ack-cn-hangzhou.example.com/another'
const NARROW = { Effect: 'Allow', Action: ['cr:GetAuthorizationToken', 'cr:ListInstanceEndpoint'], Resource: ['*'] }
const ONE_REPOSITORY = { Effect: 'Allow', Action: 'cr:PullRepository', Resource: 'acs:cr:*:*:repository/*/team/app' }

/** Problems of the running release that the cloud reports before the helper has noticed them. */
export const OWN_CASES: readonly ReadCase[] = ofRelease(OWN, [
  {
    title: "the instance's subscription has expired",
    id: 'INSTANCE_NOT_RUNNING',
    make: now((fixture) => control(fixture).changeInstance(fixture.instanceId, { status: 'STOPPED' })),
    message: /aliyun cr GetInstance --region cn-hangzhou --InstanceId cri-/,
    fix: now((fixture) => control(fixture).changeInstance(fixture.instanceId, { status: 'RUNNING' })),
  },
  {
    title: "the cluster's VPC is not linked, but the public endpoint is open",
    id: 'VPC_UNLINKED',
    severity: 'info',
    make: now((fixture) =>
      control(fixture).changeInstance(fixture.instanceId, { vpc: { vpcs: [{ id: 'vpc-2', vswitch: 'vsw-2' }] } }),
    ),
    message: /linked to vpc-2[\s\S]*aliyun cr CreateInstanceVpcEndpointLinkedVpc/,
    fix: run,
  },
  {
    title: "the link to the cluster's VPC conflicts with a private zone",
    id: 'VPC_LINK_ISSUE',
    severity: 'info',
    make: now((fixture) => linkOwn(fixture, 'PRIVATE_ZONE_CONFLICT_AT_zone1')),
    message: /aliyun pvtz DescribeZoneInfo --ZoneId zone1$/,
    fix: now((fixture) => linkOwn(fixture, 'NO_PRIVATE_ZONE_AUTHORIZED')),
  },
  {
    title: "the trust policy of the role names another ServiceAccount, and the helper's session is still valid",
    id: 'ROLE_TRUST_DIFFERS',
    make: now((fixture) => fixture.trust(ROLE, ownTrust(fixture, 'system:serviceaccount:kube-system:other'))),
    message: new RegExp(`oidc:sub has to be system:serviceaccount:kube-system:other there, and is ${SUBJECT}`),
    fix: run,
  },
  {
    title: 'the trust policy of the role names the issuer of another cluster',
    id: 'ROLE_TRUST_DIFFERS',
    make: now((fixture) => fixture.trust(ROLE, ownTrust(fixture, SUBJECT, 'StringEquals', ELSEWHERE))),
    message: /oidc:iss has to be https:\/\/oidc-ack-cn-hangzhou\.example\.com\/another there, and is https/,
    fix: run,
  },
  {
    title: 'the trust policy of the role names the provider of another cluster',
    id: 'ROLE_TRUST_DIFFERS',
    make: now((fixture) => {
      const other = `acs:ram::${fixture.accountId}:oidc-provider/other`
      fixture.trust(ROLE, { ...ownTrust(fixture, SUBJECT), Principal: { Federated: [other] } })
    }),
    message: /does not name acs:ram::\d+:oidc-provider\/rrsa \(it names acs:ram::\d+:oidc-provider\/other\)/,
    fix: run,
  },
  {
    title: 'every ServiceAccount of the cluster is allowed to assume the role',
    id: 'ROLE_TRUST_WIDE',
    severity: 'warning',
    make: now((fixture) => fixture.trust(ROLE, ownTrust(fixture, 'system:serviceaccount:*', 'StringLike'))),
    message: /aliyun ram UpdateRole --RoleName helper-by-rrsa --NewAssumeRolePolicyDocument/,
    fix: run,
  },
  {
    title: 'the policy of the role was detached, and the last credential is still valid',
    id: 'ROLE_RIGHTS_MISSING',
    make: now((fixture) => control(fixture).revoke(ROLE)),
    message:
      /it has none[\s\S]*aliyun ram CreatePolicy --PolicyName acr-nopass-\w+ [\s\S]* && aliyun ram AttachPolicyToRole/,
    fix: run,
  },
  {
    title: 'only our policy was detached from the role',
    id: 'ROLE_RIGHTS_MISSING',
    make: now((fixture) => control(fixture).revoke(ROLE, `acr-nopass-${CLUSTER_ID}`)),
    message: /aliyun ram AttachPolicyToRole --PolicyType Custom --PolicyName acr-nopass-\w+ --RoleName helper-by-rrsa$/,
    fix: run,
  },
  {
    title: 'the policies of the role allow one repository, and the values need all',
    id: 'ROLE_RIGHTS_MISSING',
    severity: 'warning',
    make: now((fixture) => {
      control(fixture).revoke(ROLE)
      control(fixture).grant(ROLE, `acr-nopass-${CLUSTER_ID}`, { Version: '1', Statement: [NARROW, ONE_REPOSITORY] })
    }),
    message: /aliyun ram CreatePolicyVersion --PolicyName acr-nopass-\w+ /,
    fix: run,
  },
  {
    title: 'the role also has a Deny statement',
    id: 'ROLE_RIGHTS_MISSING',
    make: now((fixture) => {
      const deny = { Effect: 'Deny', Action: 'cr:Pull*', Resource: '*' }
      control(fixture).grant(ROLE, 'frozen', { Version: '1', Statement: [deny] })
    }),
    message:
      /A Deny in one of its policies \(.*frozen\)[\s\S]*aliyun ram ListPoliciesForRole --RoleName helper-by-rrsa/,
    fix: now((fixture) => control(fixture).revoke(ROLE, 'frozen')),
  },
  {
    title: 'the role was deleted',
    id: 'ROLE_MISSING',
    make: async (fixture) => {
      control(fixture).revoke(ROLE)
      await fixture.call(RAM, 'DeleteRole', { RoleName: ROLE })
    },
    message: /aliyun ram CreateRole --RoleName helper-by-rrsa [\s\S]* && aliyun ram AttachPolicyToRole/,
    fix: run,
  },
  {
    title: 'the OIDC provider lost the audience',
    id: 'OIDC_PROVIDER_WRONG',
    make: (fixture) => fixture.call(IMS, 'UpdateOIDCProvider', { OIDCProviderName: 'rrsa', ClientIds: 'other' }),
    message: /client ids are other[\s\S]*--ClientIds other,sts\.aliyuncs\.com$/,
    fix: run,
  },
  {
    title: 'the OIDC provider was deleted',
    id: 'OIDC_PROVIDER_WRONG',
    make: (fixture) => fixture.call(IMS, 'DeleteOIDCProvider', { OIDCProviderName: 'rrsa' }),
    message:
      /both set its fingerprints[\s\S]*aliyun ims CreateOIDCProvider --OIDCProviderName rrsa --IssuerUrl https:\/\//,
    fix: (fixture, finding) =>
      runCommands(fixture.helper.helperCluster.cloud, finding, { '<fingerprints>': FINGERPRINT }),
  },
  {
    title: 'the OIDC provider is that of another cluster',
    id: 'OIDC_PROVIDER_WRONG',
    make: async (fixture) => {
      await fixture.call(IMS, 'DeleteOIDCProvider', { OIDCProviderName: 'rrsa' })
      await fixture.call(IMS, 'CreateOIDCProvider', {
        OIDCProviderName: 'rrsa',
        IssuerUrl: ELSEWHERE,
        ClientIds: 'sts.aliyuncs.com',
      })
    },
    message: /only if no other cluster uses it[\s\S]*aliyun ims ListOIDCProviders$/,
    fix: async (fixture) => {
      await fixture.call(IMS, 'DeleteOIDCProvider', { OIDCProviderName: 'rrsa' })
      await fixture.call(IMS, 'CreateOIDCProvider', {
        OIDCProviderName: 'rrsa',
        IssuerUrl: fixture.helper.trust.issuer,
        ClientIds: 'sts.aliyuncs.com',
      })
    },
  },
])

/** Links the cluster's VPC, with an issue that Container Registry reports about the link. */
function linkOwn(fixture: ReadFixture, issue: string): void {
  const vpcs = [{ id: VPC, vswitch: VSWITCH, issue }]
  control(fixture).changeInstance(fixture.instanceId, { vpc: { vpcs } })
}
