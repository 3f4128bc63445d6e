import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import type { Ram } from '../../src/alibaba/ram.ts'
import type { Parameters } from '../../src/alibaba/transport/signature.ts'
import { NopassError } from '../../src/errors.ts'
import { applyPolicy, planPolicy } from '../../src/policy/apply-policy.ts'
import { policyOf } from '../../src/policy/normal-form.ts'
import type { PolicyTarget } from '../../src/policy/policy-target.ts'
import { performStep } from '../../src/policy/steps.ts'
import { rrsaStatement } from '../../src/policy/trust-document.ts'

const document = policyOf([{ Effect: 'Allow', Action: ['cr:PullRepository'], Resource: ['*'] }])
const statement = rrsaStatement({
  oidcProviderArn: 'acs:ram::1:oidc-provider/ack-rrsa-c1',
  issuer: 'https://oidc.example',
  namespace: 'acr-nopass',
  serviceAccount: 'acr-nopass',
})
const target: PolicyTarget = {
  policyName: 'acr-nopass-c1',
  document,
  purpose: 'cluster c1',
  roles: [],
  trust: { role: 'acr-nopass-c1', statements: [statement], create: true },
  adopt: false,
  phase: 'widen',
}

interface Created {
  readonly kind: 'policy' | 'role'
  readonly tags: unknown
}

/** An account that is empty at first and in which some calls fail. */
function emptyAccount(fail: (call: Created & { readonly trust?: string }) => NopassError | undefined) {
  const created: Created[] = []
  const kept = new Map<Created['kind'], object>()
  const attached: { name: string; custom: boolean }[] = []
  const create = (kind: Created['kind'], given: Parameters): void => {
    const trust = given.AssumeRolePolicyDocument
    const one = { kind, tags: given.Tag === undefined ? [] : JSON.parse(String(given.Tag)) }
    created.push(one)
    const error = fail({ ...one, ...(trust !== undefined && { trust: String(trust) }) })
    if (error) throw error
    const description = String(given.Description)
    kept.set(kind, { name: given.PolicyName ?? given.RoleName, description, document: given.PolicyDocument, trust })
  }
  const ram = {
    getPolicy: async () => kept.get('policy'),
    getRole: async () => kept.get('role'),
    listRolePolicies: async () => (kept.has('role') ? attached : undefined),
    change: async (action: string, parameters: Parameters) => {
      if (action === 'AttachPolicyToRole') attached.push({ name: String(parameters.PolicyName), custom: true })
      else create(action === 'CreatePolicy' ? 'policy' : 'role', parameters)
    },
  } as unknown as Ram
  return { ram, created }
}

const denied = (): NopassError => new NopassError('CLOUD_DENIED', 'denied', { reason: 'NoPermission' })
const TAG = { Key: 'managed-by', Value: 'acr-nopass' }

test('without permission to tag, objects are created without a tag, and that is reported', async () => {
  const { ram, created } = emptyAccount(({ tags }) => (isDeepStrictEqual(tags, []) ? undefined : denied()))
  const { unverified } = await applyPolicy(ram, target)
  assert.deepEqual(created, [
    { kind: 'role', tags: [TAG] },
    { kind: 'role', tags: [] },
    { kind: 'policy', tags: [TAG] },
    { kind: 'policy', tags: [] },
  ])
  assert.deepEqual(unverified, [
    { id: 'TAGS_DENIED', subject: 'role acr-nopass-c1' },
    { id: 'TAGS_DENIED', subject: 'policy acr-nopass-c1' },
  ])
})

test('with permission to tag, an object is created once, and without permission to create, it fails', async () => {
  const allowed = emptyAccount(() => undefined)
  assert.equal((await applyPolicy(allowed.ram, target)).unverified, undefined)
  assert.deepEqual(
    allowed.created.map(({ tags }) => tags),
    [[TAG], [TAG]],
  )
  await assert.rejects(applyPolicy(emptyAccount(denied).ram, target), { code: 'CLOUD_DENIED' })
})

// CreateRole, "Error codes" (https://www.alibabacloud.com/help/doc-detail/28710.htm): the page has
// the code, but no number.
for (const reason of [
  'InvalidParameter.AssumeRolePolicyDocument.Length',
  'InvalidParameter.NewAssumeRolePolicyDocument.Length',
  'InvalidParameter.PolicyDocument.Length',
]) {
  test(`RAM's own ${reason} is POLICY_TOO_LARGE`, async () => {
    const { ram } = emptyAccount(() => new NopassError('CLOUD_REJECTED', 'too long', { reason, requestId: 'R-1' }))
    await assert.rejects(applyPolicy(ram, target), { code: 'POLICY_TOO_LARGE', reason, requestId: 'R-1' })
  })
}

test('RAM checks the length of a trust policy: a long one is planned and sent completely', async () => {
  const issuer = `https://oidc.example/${'x'.repeat(8000)}`
  const trust = { ...target.trust, statements: [rrsaStatement({ ...TRUST, issuer })] } as NonNullable<
    PolicyTarget['trust']
  >
  const sent: string[] = []
  const { ram } = emptyAccount((call) => {
    if (call.trust !== undefined) sent.push(call.trust)
    return undefined
  })
  assert.equal((await planPolicy(ram, { ...target, trust })).steps[0]?.do, 'create-role')
  await applyPolicy(ram, { ...target, trust })
  assert.ok((sent[0]?.length ?? 0) > 8000)
})

const TRUST = {
  oidcProviderArn: 'acs:ram::1:oidc-provider/ack-rrsa-c1',
  namespace: 'acr-nopass',
  serviceAccount: 'acr-nopass',
}

// CreatePolicyVersion:
// https://www.alibabacloud.com/help/en/ram/developer-reference/api-ram-2015-05-01-createpolicyversion
test('the version that RAM gives to an updated policy is returned, and none if the response has none', async () => {
  const versionIn = async (response: unknown) => {
    const ram = { change: async () => response } as unknown as Ram
    const step = { do: 'update-policy', policy: 'p', version: 'v1', before: document, after: document } as const
    return performStep(ram, step, 'cluster c1')
  }
  assert.deepEqual(await versionIn({ PolicyVersion: { VersionId: 'v2' } }), { version: 'v2' })
  for (const response of [undefined, null, {}, { PolicyVersion: null }, { PolicyVersion: { VersionId: 2 } }]) {
    assert.deepEqual(await versionIn(response), {})
  }
})
