import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { getAuthorizationToken, getPersonalToken, listInstanceEndpoint, listInstances } from '../../src/alibaba/cr.ts'
import { describeClusterDetail, describeUserKubeconfig, listNodePoolRoles } from '../../src/alibaba/cs.ts'
import { createWorkerRoleProvider } from '../../src/alibaba/identities/worker-role.ts'
import { createRam, getOidcProvider, type Ram } from '../../src/alibaba/ram.ts'
import { assumeRole, getCallerIdentity } from '../../src/alibaba/sts.ts'
import type { CloudTarget } from '../../src/alibaba/transport/cloud-transport.ts'
import type { HttpResponse } from '../../src/alibaba/transport/http-sender.ts'
import { ERROR_CODES } from '../../src/error-codes.ts'
import { NopassError } from '../../src/errors.ts'
import { anyValue, fuzz } from '../support/fuzz.ts'
import { KEY, scripted } from './scripted-transport.ts'

/** A part of every secret and message that a peer sends. No error may contain it. */
const SECRET = 'S3CR3T-of-the-peer'

/** A nearly correct body: each field is missing, of another type, or correct. */
function nearly(fields: Readonly<Record<string, unknown>>): fc.Arbitrary<string> {
  const loose = Object.entries(fields).map(([name, good]) => {
    return fc.oneof(
      { weight: 3, arbitrary: fc.constant([[name, good]]) },
      fc.constant([]),
      fc.tuple(fc.tuple(fc.constant(name), anyValue)),
    )
  })
  return fc.tuple(...loose).map((parts) => JSON.stringify(Object.fromEntries(parts.flat() as [string, unknown][])))
}

const common = { Code: 'NoPermission', Message: `"quoted ${SECRET}"`, RequestId: 'R-1', IsSuccess: true }
const session = {
  AccessKeyId: 'STS.a',
  AccessKeySecret: SECRET,
  SecurityToken: SECRET,
  Expiration: '2027-01-01T00:00:00Z',
}

function responses(fields: Readonly<Record<string, unknown>>): fc.Arbitrary<HttpResponse> {
  const text = fc.oneof(
    { weight: 6, arbitrary: nearly({ ...common, ...fields }) },
    nearly(fields),
    anyValue.map((value) => JSON.stringify(value)),
    fc.string({ unit: 'binary' }),
    fc.constant(`<html>${SECRET}</html>`),
    nearly(fields).map((whole) => whole.slice(0, whole.length / 2)),
  )
  const status = fc.oneof({ weight: 4, arbitrary: fc.constant(200) }, fc.integer({ min: 100, max: 599 }))
  const header = fc.option(fc.oneof(fc.string(), fc.constant('Wed, 25 Nov 2026 12:00:00 GMT'), fc.constant('5')), {
    nil: undefined,
  })
  const headers = fc.record({
    date: header,
    'retry-after': header,
    'x-acs-retry-after': header,
    'x-acs-request-id': header,
  })
  return fc.record({ status, headers, text }) as fc.Arbitrary<HttpResponse>
}

/**
 * Runs the reader against a peer that always sends this response. An error must have a known code
 * and must not contain the secret.
 */
async function read<T>(response: HttpResponse, reader: (target: CloudTarget) => Promise<T>): Promise<T | undefined> {
  const { transport, sent } = scripted(new Array<HttpResponse>(500).fill(response))
  try {
    return await reader({ transport, endpoint: new URL('https://api.example'), credentials: KEY })
  } catch (error) {
    assert.ok(error instanceof NopassError, String(error))
    assert.ok(error.code in ERROR_CODES && error.code !== 'INTERNAL', error.code)
    const shown = JSON.stringify([error.message, error.hint, error.reason, error.requestId, String(error.cause)])
    assert.equal(shown.includes(SECRET), false, shown)
    return undefined
  } finally {
    assert.ok(sent.length <= 200, `${sent.length} requests`)
  }
}

const isText = (value: unknown): boolean => typeof value === 'string' && value !== ''

test('RPC: whatever CR responds for a token is a complete token or a known error, which quotes nothing', async (t) => {
  const fields = { TempUsername: 'cr_temp_user', AuthorizationToken: SECRET, ExpireTime: 1_800_000_000_000 }
  const property = fc.asyncProperty(responses(fields), async (response) => {
    const token = await read(response, (target) => getAuthorizationToken(target, { instanceId: 'cri-1' }))
    if (token)
      assert.ok(
        isText(token.username) && isText(token.password) && Number.isFinite(token.expiresAt),
        JSON.stringify(token),
      )
  })
  await fuzz(t, 'rpc-token', property, 500)
})

test('RPC: whatever CR lists, addresses and instances are strings, and the pages end', async (t) => {
  const Domains = [{ Domain: 'a.example', Type: 'USER' }, null, 5]
  const fields = {
    Endpoints: [{ EndpointType: 'internet', Enable: true, Domains }, null, 'x'],
    Instances: Array.from({ length: 30 }, () => ({ InstanceId: 'cri-1', InstanceName: 'n', RegionId: 'r' })),
    TotalCount: Number.MAX_SAFE_INTEGER,
  }
  const property = fc.asyncProperty(responses(fields), async (response) => {
    const endpoints = await read(response, (target) => listInstanceEndpoint(target, 'cri-1'))
    for (const { type, domains } of endpoints ?? []) {
      assert.equal(typeof type, 'string')
      for (const { domain } of domains) assert.ok(isText(domain))
    }
    const instances = await read(response, (target) => listInstances(target))
    for (const one of instances ?? []) for (const value of Object.values(one)) assert.equal(typeof value, 'string')
  })
  await fuzz(t, 'rpc-lists', property, 200)
})

test('RPC: whatever STS and the metadata service respond is a complete session or a known error', async (t) => {
  const fields = { ...session, Credentials: session, AccountId: '1', Arn: 'acs:ram::1:user/a', IdentityType: 'RAMUser' }
  const property = fc.asyncProperty(responses(fields), async (response) => {
    const assumed = await read(response, (target) => {
      return assumeRole(target, KEY, { roleArn: 'acs:ram::1:role/r', sessionName: 's' })
    })
    const ofNode = await read(response, ({ transport, endpoint }) =>
      createWorkerRoleProvider({ transport, endpoint }).get(),
    )
    for (const one of [assumed, ofNode]) {
      if (one === undefined) continue
      assert.ok(isText(one.accessKeyId) && isText(one.accessKeySecret) && isText(one.securityToken))
      assert.ok(Number.isFinite(one.expiresAt))
    }
    const who = await read(response, (target) => getCallerIdentity(target, KEY))
    for (const value of Object.values(who ?? {})) assert.equal(typeof value, 'string')
  })
  await fuzz(t, 'rpc-session', property, 500)
})

test('ROA: whatever the Personal Edition and CS respond is read completely or rejected with a known error', async (t) => {
  const fields = {
    code: 'ErrorCheckAcl',
    message: SECRET,
    requestId: 'R-2',
    data: { tempUserName: 'u', authorizationToken: SECRET, expireDate: 1_800_000_000_000 },
    cluster_id: 'c1',
    master_url: '{"api_server_endpoint":"https://1.2.3.4:6443"}',
    rrsa_config: { enabled: true, issuer: 'https://issuer' },
    nodepools: [{ nodepool_info: { nodepool_id: 'np1' }, scaling_group: null }, null, 7],
    config: `users: ${SECRET}`,
    expiration: '2027-01-01T00:00:00Z',
  }
  const property = fc.asyncProperty(responses(fields), async (response) => {
    const token = await read(response, (target) => getPersonalToken(target))
    if (token) assert.ok(isText(token.username) && isText(token.password) && Number.isFinite(token.expiresAt))
    const cluster = await read(response, (target) => describeClusterDetail(target, 'c1'))
    if (cluster) assert.ok(isText(cluster.clusterId) && typeof cluster.workerRole === 'string')
    const roles = await read(response, (target) => listNodePoolRoles(target, 'c1'))
    for (const role of roles ?? []) assert.equal(typeof role, 'string')
    const kubeconfig = await read(response, (target) => {
      return describeUserKubeconfig(target, { clusterId: 'c1', minutes: 60, private: false })
    })
    if (kubeconfig !== undefined) assert.ok(isText(kubeconfig))
  })
  await fuzz(t, 'roa-answers', property, 500)
})

const POLICY = { PolicyName: 'p', Description: 'Managed by acr-nopass', DefaultVersion: 'v1' }

test('RPC: whatever RAM and IMS respond is read as strings or rejected with a known error', async (t) => {
  const fields = {
    Policy: POLICY,
    DefaultPolicyVersion: { PolicyDocument: '{"Version":"1","Statement":[]}' },
    Role: { RoleName: 'r', Arn: 'acs:ram::1:role/r', Description: 'd', AssumeRolePolicyDocument: '{}' },
    Policies: { Policy: [{ ...POLICY, PolicyType: 'Custom' }, null, 'x'] },
    Roles: { Role: [{ RoleName: 'r' }, 7] },
    Users: { User: [{ UserName: 'u' }] },
    Groups: null,
    TagResources: { TagResource: [{ TagKey: 'managed-by', TagValue: 'acr-nopass' }] },
    OIDCProvider: { IssuerUrl: 'https://issuer', ClientIds: 'a,b' },
  }
  const allTexts = (value: unknown): void => {
    if (typeof value === 'object' && value !== null) for (const part of Object.values(value)) allTexts(part)
    else assert.ok(['string', 'boolean', 'undefined'].includes(typeof value), typeof value)
  }
  const property = fc.asyncProperty(responses(fields), async (response) => {
    const provider = { name: 'test', sharedSession: false, get: async () => KEY, fresh: async () => KEY }
    const call = <T>(work: (ram: Ram) => Promise<T>) =>
      read(response, async ({ transport, endpoint }) => work(createRam({ transport, endpoint, credentials: provider })))
    allTexts(await call((ram) => ram.getPolicy('p')))
    allTexts(await call((ram) => ram.getRole('r')))
    allTexts(await call((ram) => ram.listRolePolicies('r')))
    allTexts(await call((ram) => ram.listPolicyEntities('p')))
    allTexts(await call((ram) => ram.listTags('role', 'r')))
    await call((ram) => ram.change('CreatePolicy', { PolicyName: 'p', PolicyDocument: '{}' }))
    allTexts(await read(response, (target) => getOidcProvider({ ...target, credentials: provider }, 'p')))
  })
  await fuzz(t, 'ram-answers', property, 300)
})
