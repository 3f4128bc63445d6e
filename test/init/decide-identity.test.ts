import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ClusterKind } from '../../src/alibaba/cs.ts'
import { decideIdentity, givenIdentity } from '../../src/init/decide-identity.ts'

const detail = (enabled: boolean) => ({
  vpcId: 'vpc-1',
  hasPublicEndpoint: true,
  rrsa: { enabled, issuers: '', oidcProviderArn: '' },
})

// As docs/en/cluster-kinds.md: with RRSA, without it, and if the cluster could not be described.
const TABLE: Readonly<Record<ClusterKind, readonly [on: string, off: string, unread: string | undefined]>> = {
  managed: ['rrsa', 'worker-role', undefined],
  lingjun: ['rrsa', 'worker-role', undefined],
  dedicated: ['worker-role', 'worker-role', 'worker-role'],
  serverless: ['rrsa', 'rrsa, after a step', 'rrsa, after a step'],
  edge: ['rrsa', 'rrsa, after a step', 'rrsa, after a step'],
  acs: ['rrsa', 'rrsa, after a step', 'rrsa, after a step'],
  registered: ['access-key, after a step', 'access-key, after a step', 'access-key, after a step'],
  unknown: ['rrsa', undefined as never, undefined],
}

for (const [kind, expected] of Object.entries(TABLE) as [ClusterKind, (typeof TABLE)[ClusterKind]][]) {
  test(`the identity of a cluster of the kind ${kind} follows from RRSA, and is asked if too little is known`, () => {
    const decided = [detail(true), detail(false), undefined].map((one) => {
      const decision = decideIdentity({ kind, detail: one })
      return decision && `${decision.type}${decision.todo === undefined ? '' : ', after a step'}`
    })
    assert.deepEqual(decided, expected)
  })
}

test('without the list and the detail of a cluster, the identity is asked', () => {
  assert.equal(decideIdentity({ kind: undefined, detail: undefined }), undefined)
})

test('the reason says whether RRSA is off or could not be read, and the step what to do', () => {
  const why = (one: ReturnType<typeof detail> | undefined) => decideIdentity({ kind: 'edge', detail: one })
  assert.equal(why(detail(false))?.why, 'an Edge cluster needs RRSA, and RRSA is off')
  assert.equal(why(undefined)?.why, 'an Edge cluster needs RRSA, and whether RRSA is on could not be read')
  assert.match(why(undefined)?.todo ?? '', /^enable RRSA in the ACK console/)
})

test('an identity that the user chose has a step only if it needs a key', () => {
  assert.deepEqual(givenIdentity('rrsa'), { type: 'rrsa', why: 'you chose it' })
  assert.match(givenIdentity('access-key').todo ?? '', /^create Secret acr-nopass\/acr-nopass-key/)
})
