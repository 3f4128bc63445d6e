import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { chooseIssuer, parseIssuers } from '../../src/policy/trust-document.ts'

// "Multiple values are separated by commas (,). The first value becomes the value of the iss field
// in the OIDC token and the issuer URL of the OIDC IdP.", with this example: @alicloud/cs20151215
// 7.2.0, DescribeClusterDetailResponseBody.d.ts, class DescribeClusterDetailResponseBodyRrsaConfig,
// `issuer`. The vendor's own tool splits the value in the same way:
// AliyunContainerService/ack-ram-tool@e34e2551 pkg/types/cluster.go, TokenIssuer().
const EXAMPLE = 'https://oidc-ack-***,https://kubernetes.default.svc'

for (const [text, issuers] of [
  [EXAMPLE, ['https://oidc-ack-***', 'https://kubernetes.default.svc']],
  ['https://one', ['https://one']],
  [' https://one , https://two ,', ['https://one', 'https://two']],
  ['', []],
] as const) {
  test(`${JSON.stringify(text)} is a list of ${issuers.length} issuers`, () => {
    assert.deepEqual(parseIssuers(text), issuers)
  })
}

const LISTED = parseIssuers(EXAMPLE)

for (const { title, listed = LISTED, served, chosen } of [
  {
    title: "the API server's own issuer is used when ACK lists it first",
    served: 'https://oidc-ack-***',
    chosen: { issuer: 'https://oidc-ack-***', verified: true, others: [] },
  },
  {
    title: "the API server's own issuer is used when ACK lists it second",
    served: 'https://kubernetes.default.svc',
    chosen: { issuer: 'https://kubernetes.default.svc', verified: true, others: [] },
  },
  {
    title: 'a trailing slash makes no difference, and the token has it as the API server does',
    served: 'https://kubernetes.default.svc/',
    chosen: { issuer: 'https://kubernetes.default.svc/', verified: true, others: [] },
  },
  {
    title: "without the API server's word the first one is used, and that it is not verified is reported",
    served: undefined,
    chosen: { issuer: 'https://oidc-ack-***', verified: false, others: ['https://kubernetes.default.svc'] },
  },
  {
    title: "the API server's word is enough when ACK lists none",
    listed: [],
    served: 'https://own',
    chosen: { issuer: 'https://own', verified: true, others: [] },
  },
]) {
  test(`${title}`, () => assert.deepEqual(chooseIssuer(listed, served, 'c1'), chosen))
}

test('an API server whose issuer ACK does not list is rejected, and both are named', () => {
  assert.throws(() => chooseIssuer(LISTED, 'https://elsewhere', 'c1'), {
    code: 'RRSA_ISSUER_MISMATCH',
    message:
      'the API server of c1 issues tokens as https://elsewhere, but ACK lists https://oidc-ack-*** and https://kubernetes.default.svc',
  })
  assert.throws(() => chooseIssuer([], undefined, 'c1'), { code: 'RRSA_NOT_ENABLED' })
})

test('the chosen issuer is one of the list, or the one that the API server serves, and never the list itself', () => {
  const issuer = fc.webUrl({ validSchemes: ['https'] }).filter((url) => !/[,\s]/.test(url))
  fc.assert(
    fc.property(fc.array(issuer, { minLength: 1, maxLength: 4 }), fc.option(fc.nat(3)), (listed, index) => {
      const served = index === null ? undefined : listed[index % listed.length]
      const chosen = chooseIssuer(parseIssuers(listed.join(',')), served, 'c1')
      assert.equal(chosen.issuer, served ?? listed[0])
      assert.equal(chosen.verified, served !== undefined)
    }),
    { seed: 20261127, numRuns: 300 },
  )
})
