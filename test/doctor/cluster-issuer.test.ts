import assert from 'node:assert/strict'
import { test } from 'node:test'
import { doctorUnverified } from '../../src/cli/doctor/report.ts'
import type { CloudFacts } from '../../src/doctor/cloud/inspect-cloud.ts'
import type { Observed } from '../../src/doctor/observed.ts'
import { policyOf } from '../../src/policy/normal-form.ts'
import { rrsaStatement } from '../../src/policy/trust-document.ts'
import { testFindings } from './finding-table.ts'
import { fixture } from './fixture.ts'

const ROLE = 'acs:ram::1234567890123456:role/r'
const PROVIDER = 'acs:ram::1234567890123456:oidc-provider/ack-rrsa-c1'
const [FIRST, SECOND] = ['https://oidc-ack.example/c1', 'https://kubernetes.default.svc']

/**
 * ACK lists two issuers. The API server serves the issuer `served`, and the role trusts the issuer
 * `trusted`.
 */
function observe({
  served,
  trusted = FIRST,
  provider = FIRST,
  issuers = [FIRST, SECOND],
}: {
  served: string | undefined
  trusted?: string
  provider?: string
  issuers?: readonly string[]
}): Observed {
  const trust = policyOf([
    rrsaStatement({
      oidcProviderArn: PROVIDER,
      issuer: trusted,
      namespace: 'acr-nopass',
      serviceAccount: 'acr-nopass',
    }),
  ])
  const facts: CloudFacts = {
    caller: 'acs:ram::1234567890123456:user/me',
    accountId: '1234567890123456',
    place: {
      clusterId: 'c1',
      accountId: '1234567890123456',
      region: 'cn-hangzhou',
      vpcId: 'vpc-1',
      vswitchId: undefined,
      key: 'c1',
    },
    workerRoles: [],
    issuers: [...issuers],
    roles: new Map([
      [
        ROLE,
        {
          role: { name: 'r', arn: ROLE, description: '', trust: JSON.stringify(trust), ours: false },
          attached: undefined,
          policyName: 'acr-nopass-c1',
          policy: undefined,
        },
      ],
    ]),
    oidcProvider: { issuer: provider, clientIds: ['sts.aliyuncs.com'] },
    instances: new Map(),
  }
  return fixture({
    config: { identity: { type: 'rrsa', rrsa: { roleArn: ROLE, oidcProviderArn: PROVIDER } } },
    cloud: { state: 'looked', facts, notes: [] },
    issuer: served,
  })
}

testFindings([
  {
    title: 'ACK lists the issuer that the API server serves',
    observed: observe({ served: FIRST }),
    finds: [],
  },
  { title: 'it cannot be read, and the role trusts the first', observed: observe({ served: undefined }), finds: [] },
  {
    title: 'the served issuer cannot be read, and the role trusts the second issuer, which somebody corrected by hand',
    observed: observe({ served: undefined, trusted: SECOND }),
    finds: [],
  },
  {
    title: 'the API server serves the second, and the role trusts the first',
    observed: observe({ served: SECOND, provider: SECOND }),
    finds: [['error', 'ROLE_TRUST_DIFFERS', 'role r of account 1234567890123456']],
    message: /oidc:iss has to be https:\/\/oidc-ack\.example\/c1 there, and is https:\/\/kubernetes\.default\.svc/,
  },
  {
    title: 'the served issuer cannot be read, and the role trusts none of the listed issuers',
    observed: observe({ served: undefined, trusted: 'https://elsewhere' }),
    finds: [['error', 'ROLE_TRUST_DIFFERS', 'role r of account 1234567890123456']],
  },
  {
    title: 'the served issuer cannot be read, and the provider has another issuer',
    observed: observe({ served: undefined, provider: 'https://elsewhere' }),
    finds: [['error', 'OIDC_PROVIDER_WRONG', 'OIDC provider ack-rrsa-c1']],
  },
  {
    title: 'a slash at the end makes no other issuer',
    observed: observe({ served: `${FIRST}/`, provider: `${FIRST}/`, trusted: `${FIRST}/` }),
    finds: [],
  },
  {
    title: 'the served issuer cannot be read, and the provider has the second of the listed issuers',
    observed: observe({ served: undefined, provider: SECOND }),
    finds: [],
  },
  {
    title: 'ACK lists no issuer: the issuer of the API server counts',
    observed: observe({ served: 'https://elsewhere', trusted: 'https://elsewhere', provider: FIRST, issuers: [] }),
    finds: [['error', 'OIDC_PROVIDER_WRONG', 'OIDC provider ack-rrsa-c1']],
    says: `its issuer is ${FIRST}, but this cluster's issuer is https://elsewhere`,
  },
  {
    title: 'no issuer is known: neither the trust nor the provider is judged',
    observed: observe({ served: undefined, trusted: 'https://elsewhere', issuers: [] }),
    finds: [],
  },
  {
    title: 'ACK does not list the issuer of the API server',
    observed: observe({ served: 'https://elsewhere', trusted: 'https://elsewhere', provider: 'https://elsewhere' }),
    finds: [['error', 'OIDC_ISSUER_MISMATCH', "issuer of the cluster's tokens"]],
    message:
      /issues tokens as https:\/\/elsewhere, but ACK lists .*\/c1 and .*default\.svc[\s\S]*DescribeClusterDetail --ClusterId c1$/,
  },
])

test('doctor reports an issuer that the API server did not confirm', () => {
  const ids = (served: string | undefined) =>
    doctorUnverified(observe({ served })).map(({ id, subjects }) => [id, ...subjects])
  assert.deepEqual(ids(undefined), [['ISSUER', FIRST]])
  assert.deepEqual(ids(FIRST), [])
})
