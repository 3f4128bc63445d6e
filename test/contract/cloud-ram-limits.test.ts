import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import {
  CreatePolicyRequest,
  CreatePolicyVersionRequest,
  DeletePolicyRequest,
  GetPolicyRequest,
} from '@alicloud/ram20150501'
import type { Cloud } from '../../sandbox/cloud/start-cloud.ts'
import { startCloud } from '../../sandbox/cloud/start-cloud.ts'
import { allow, refused, type VendorClients, vendorClients } from '../support/cloud/vendor-sdk.ts'

let cloud: Cloud
let ram: VendorClients['ram']
before(async () => {
  cloud = await startCloud()
  ram = vendorClients(cloud).ram
})
after(() => cloud.stop())

const create = (policyName: string, policyDocument = allow(['cr:GetAuthorizationToken'])) =>
  ram.createPolicy(new CreatePolicyRequest({ policyName, policyDocument }))
const version = (policyName: string, extra: object = {}) =>
  ram.createPolicyVersion(new CreatePolicyVersionRequest({ policyName, policyDocument: allow(['cr:Get*']), ...extra }))
const get = (policyName: string, policyType = 'Custom') =>
  ram.getPolicy(new GetPolicyRequest({ policyName, policyType }))

test('a malformed document is rejected with MalformedPolicyDocument, whatever is wrong with it', async () => {
  const statement = { Effect: 'Allow', Action: 'cr:Get*', Resource: '*' }
  const of = (change: object): object => ({ Version: '1', Statement: [{ ...statement, ...change }] })
  const documents: readonly unknown[] = [
    'no json',
    [],
    { Statement: [statement] },
    { Version: '2012-10-17', Statement: [statement] },
    { Version: '1', Statement: statement },
    { Version: '1', Statement: [statement], Extra: 1 },
    of({ Effect: 'allow' }),
    of({ Action: undefined }),
    of({ Action: [] }),
    of({ Action: 'GetAuthorizationToken' }),
    of({ Action: 'cr:Get Token' }),
    of({ NotAction: 'cr:*' }),
    of({ Resource: undefined }),
    of({ Resource: 'arn:aws:s3:::bucket' }),
    of({ Resource: 'acs:cr:*' }),
    of({ Principal: { RAM: ['*'] } }),
    of({ Condition: { StringIs: { 'acs:SourceIp': '1' } } }),
    of({ Condition: { StringEquals: 'acs:SourceIp' } }),
  ]
  for (const document of documents) {
    const text = typeof document === 'string' ? document : JSON.stringify(document)
    assert.equal(await refused(create('malformed', text)), '400 MalformedPolicyDocument', text)
    await create('valid')
    const changed = ram.createPolicyVersion(
      new CreatePolicyVersionRequest({ policyName: 'valid', policyDocument: text }),
    )
    assert.equal(await refused(changed), '400 MalformedPolicyDocument', text)
    await ram.deletePolicy(new DeletePolicyRequest({ policyName: 'valid' }))
  }
})

test('parameters beyond their limits are rejected with the code of the parameter', async () => {
  const padding = (bytes: number): string => {
    const empty = allow(['cr:Get*'], ['acs:cr:*:*:repository/'])
    return allow(
      ['cr:Get*'],
      [`acs:cr:*:*:repository/${'é'.repeat(3)}${'x'.repeat(bytes - Buffer.byteLength(empty) - 6)}`],
    )
  }
  assert.equal(Buffer.byteLength(padding(6144)), 6144)
  await create('longest', padding(6144))
  assert.deepEqual(
    {
      document: await refused(create('too-long', padding(6145))),
      nameChars: await refused(create('under_score')),
      nameLength: await refused(create('x'.repeat(129))),
      type: await refused(get('twice', 'custom')),
      description: await refused(
        ram.createPolicy(
          new CreatePolicyRequest({ policyName: 'd', policyDocument: allow(['cr:*']), description: 'x'.repeat(1025) }),
        ),
      ),
      rotate: await refused(version('longest', { rotateStrategy: 'Sometimes' })),
      missing: await refused(ram.getPolicy(new GetPolicyRequest({ policyType: 'Custom' }))),
    },
    {
      document: '400 InvalidParameter.PolicyDocument.Length',
      nameChars: '400 InvalidParameter.PolicyName.InvalidChars',
      nameLength: '400 InvalidParameter.PolicyName.Length',
      type: '400 InvalidParameter.PolicyType',
      description: '400 InvalidParameter.Description.Length',
      rotate: '400 InvalidParameter.RotateStrategy',
      missing: '400 MissingPolicyName',
    },
  )
})
