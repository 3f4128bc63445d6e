import assert from 'node:assert/strict'
import { test } from 'node:test'
import { askClusterList } from '../../../scripts/live/ask/cluster-list.ts'
import { requestClusterToken } from '../../../scripts/live/ask/cluster-token.ts'
import { askLoginEnd } from '../../../scripts/live/ask/login-end.ts'
import { judgeExisting } from '../../../scripts/live/ask/oidc.ts'
import { openEnterprisePulls, openPersonalPulls } from '../../../scripts/live/ask/pulls.ts'
import { createMatchingQuestions } from '../../../scripts/live/ask/ram-matching.ts'
import { askStopped } from '../../../scripts/live/ask/stopped-instance.ts'
import { askEndsWithSession } from '../../../scripts/live/ask/token-life.ts'
import { askVpcLink } from '../../../scripts/live/ask/vpc-link.ts'
import { FINGERPRINT_IDS, MATCH_IDS, namesOf } from '../../../scripts/live/names.ts'
import { codeOf } from '../../../scripts/live/ram-objects.ts'
import { resolveHost } from '../../../scripts/live/resolve-host.ts'
import type { Stage } from '../../../scripts/live/stage.ts'
import { createEndpoints } from '../../../src/alibaba/transport/endpoints.ts'
import { type ErrorCode, NopassError } from '../../../src/errors.ts'

const NOW = Date.parse('2026-12-01T00:00:00Z')
const INSTANCE = { region: 'cn-hangzhou', instanceId: 'cri-1' }

/** A run on an account whose operations respond like this. */
function stageOn(respond: (action: string) => object, changes: object = {}): Stage {
  const transport = { call: async ({ action }: { action: string }) => respond(action), clock: { now: () => NOW } }
  const deps = { transport, endpoints: createEndpoints(), caller: {} }
  return { deps, options: { region: 'cn-hangzhou' }, enterprise: INSTANCE, ...changes } as unknown as Stage
}

const token = (minutes: number) => ({
  TempUsername: 'cr_temp_user',
  AuthorizationToken: 'token',
  ExpireTime: NOW + minutes * 60_000,
})

test('only an instance that was stopped, or whose state no page lists, shows whether it refuses tokens', async () => {
  const answerOf = async (InstanceStatus: string, refusal: ErrorCode | undefined) => {
    const respond = (action: string): object => {
      if (action === 'GetInstance') return { InstanceStatus }
      if (action === 'ListInstanceEndpoint') return { Endpoints: [] }
      if (refusal === undefined) return token(60)
      throw new NopassError(refusal, 'refused', { reason: 'REASON' })
    }
    return (await askStopped(stageOn(respond), 'cri-1').catch(({ code }) => ({ answer: code }))).answer
  }
  for (const state of ['STOPPING', 'STOPPED', 'EXPIRED']) {
    assert.equal(await answerOf(state, 'CLOUD_REJECTED'), 'yes', state)
    assert.equal(await answerOf(state, 'CLOUD_NOT_FOUND'), 'yes', state)
    assert.equal(await answerOf(state, undefined), 'no', state)
    for (const other of ['CLOUD_DENIED', 'CLOUD_UNAVAILABLE', 'CLOUD_THROTTLED'] as const) {
      assert.equal(await answerOf(state, other), other, state)
    }
  }
  for (const state of ['PENDING', 'INIT_ERROR', 'STARTING', 'RUNNING', 'DELETING', 'DELETED']) {
    assert.equal(await answerOf(state, 'CLOUD_REJECTED'), 'not answered', state)
  }
})

test('a list of clusters answers whether it has all regions only if there is a cluster in another region', async () => {
  const answerOf = async (lists: Readonly<Record<string, readonly string[]>>, otherRegion?: string) => {
    const call = async ({ endpoint }: { readonly endpoint: URL }) => {
      const clusters = lists[endpoint.host] ?? []
      return {
        clusters: clusters.map((region) => ({ cluster_id: `c-${region}`, region_id: region })),
        page_info: { total_count: clusters.length },
      }
    }
    const deps = { transport: { call }, endpoints: createEndpoints(), caller: {} }
    const options = { region: 'cn-hangzhou', otherRegion }
    const { answer, because } = await askClusterList({ deps, options } as unknown as Stage)
    return answer === 'not answered' ? because : answer
  }
  const [own, other] = ['cs.cn-hangzhou.aliyuncs.com', 'cs.cn-beijing.aliyuncs.com']
  const both = ['cn-hangzhou', 'cn-beijing']
  assert.equal(await answerOf({ [own]: both }), 'yes')
  assert.equal(await answerOf({ [own]: both, [other]: both }, 'cn-beijing'), 'yes')
  assert.equal(await answerOf({ [own]: ['cn-hangzhou'], [other]: ['cn-beijing'] }, 'cn-beijing'), 'no')
  // Some regions are not all regions.
  assert.equal(await answerOf({ [own]: ['cn-shanghai'], [other]: ['cn-beijing'] }, 'cn-beijing'), 'no')
  assert.match(await answerOf({ [own]: ['cn-hangzhou'] }), /--other-region$/)
  const none = 'no endpoint lists a cluster of another region'
  assert.equal(await answerOf({ [own]: ['cn-hangzhou'], [other]: ['cn-hangzhou'] }, 'cn-beijing'), none)
  assert.equal(await answerOf({}, 'cn-beijing'), none)
})

test('a token that expires together with its session shows that the session limits it, and an earlier one shows nothing', async () => {
  const answerOf = async (minutes: number) => {
    const openSession = async () => ({ expiresAt: NOW + 15 * 60_000 })
    return (await askEndsWithSession(stageOn(() => token(minutes), { openSession }))).answer
  }
  assert.deepEqual(await Promise.all([10, 13.9, 14, 15, 16, 16.1, 60].map(answerOf)), [
    'not answered',
    'not answered',
    'yes',
    'yes',
    'yes',
    'no',
    'no',
  ])
})

test('an existing provider answers the question about its only fingerprint, unless a certificate cannot be read', () => {
  const answersOf = (chain: { leaf: string; root: string | undefined } | undefined, ...fingerprints: string[]) =>
    FINGERPRINT_IDS.map((id) => {
      const { answer, because } = judgeExisting(id, { kind: 'mismatch' }, fingerprints, chain)
      return answer === 'not answered' ? because : answer
    })
  const other = 'the provider that is in use has other fingerprints, and is not changed'
  const unreadable = 'the certificate of the issuer cannot be read from here'
  const chain = { leaf: 'a', root: 'b' }
  assert.deepEqual(
    FINGERPRINT_IDS.map((id) => id.split('_')[1]),
    ['ROOT', 'NO', 'LEAF', 'WRONG'],
  )
  assert.deepEqual(answersOf(chain, 'b'), ['no', other, other, other])
  assert.deepEqual(answersOf(chain), [other, 'no', other, other])
  assert.deepEqual(answersOf(chain, 'a'), [other, other, 'no', other])
  assert.deepEqual(answersOf(chain, '0'.repeat(40)), [other, other, other, 'yes'])
  assert.deepEqual(answersOf(chain, 'a', 'b'), [other, other, other, other])
  assert.deepEqual(answersOf({ leaf: 'a', root: undefined }, 'b'), [unreadable, other, other, other])
  assert.deepEqual(answersOf(undefined, 'b'), [unreadable, other, unreadable, other])
})

test('an action that the role may call without a policy answers nothing about the form of a resource', async () => {
  const instance = { ...INSTANCE, instanceId: 'cri-k7x2m9q4w1t8z5h3' }
  const policy = { Policy: {}, DefaultPolicyVersion: { PolicyDocument: '{}' } }
  const names = namesOf('0123456789abcdef')
  const ask = await createMatchingQuestions(stageOn(() => policy, { enterprise: instance, role: {}, names }))
  for (const id of MATCH_IDS) {
    const { answer, because } = await ask(id, 1)
    assert.match(`${answer}: ${because}`, /^not answered: the role was allowed to call \w+:\w+ before any policy/, id)
  }
})

test('only a registry that asks for a login shows that a VPC link serves pulls', async () => {
  const answerOf = async (status: number) => {
    const domain = { EndpointType: 'vpc', Enable: true, Domains: [{ Domain: 'x-vpc.example', Type: 'SYSTEM' }] }
    const respond = (action: string) =>
      action === 'ListInstanceEndpoint'
        ? { Endpoints: [domain] }
        : { LinkedVpcs: [{ VpcId: 'vpc-1', Issue: 'NO_PRIVATE_ZONE_AUTHORIZED' }] }
    const send = async ({ url }: { url: URL }) =>
      url.pathname === '/v2/' ? { status, text: '' } : { status: 200, text: 'vpc-1' }
    const stage = stageOn(respond, { openSession: async () => ({}), signal: new AbortController().signal })
    const deps = { ...stage.deps, resolve: async () => ['10.0.0.1'], transport: { ...stage.deps.transport, send } }
    return (await askVpcLink({ ...stage, deps } as unknown as Stage)).answer
  }
  assert.deepEqual(await Promise.all([401, 200].map(answerOf)), ['yes', 'yes'])
  assert.deepEqual(new Set(await Promise.all([301, 403, 404, 502].map(answerOf))), new Set(['not answered']))
})

test('a cluster without RRSA or without a public API server is named as the reason, before a kubeconfig is requested', async () => {
  const reasonOf = (
    server: object,
    rrsa_config: object = { enabled: true, oidc_arn: 'acs:ram::1:oidc-provider/x' },
  ) => {
    const respond = (action: string): object => {
      assert.equal(action, 'DescribeClusterDetail')
      return { master_url: JSON.stringify(server), rrsa_config }
    }
    return requestClusterToken(stageOn(respond), 'c1')
  }
  const inside = { intranet_api_server_endpoint: 'https://10.0.0.1:6443' }
  assert.match(String(await reasonOf(inside)), /^the API server has no public endpoint: give a token with/)
  for (const rrsa of [{}, { enabled: false, oidc_arn: 'x' }, { enabled: true }]) {
    assert.match(String(await reasonOf(inside, rrsa)), /^RRSA is off in the cluster/)
  }
})

test('the pulls of the role are asked again until the registry knows its rights, with a new session each time', async () => {
  let sessions = 0
  const absent = { status: 404, headers: {}, text: '{"errors":[{"code":"MANIFEST_UNKNOWN"}]}' }
  const refused = { status: 401, headers: { 'www-authenticate': 'Basic realm="registry"' }, text: '' }
  const send = async ({ headers }: { headers: Record<string, string> }) =>
    headers.authorization !== undefined && sessions > 2 ? absent : refused
  const data = { tempUserName: 'user', authorizationToken: 'token', expireDate: NOW + 60_000 }
  const stage = stageOn(() => ({ data }), {
    personal: { edition: 'personal', instanceId: '', region: 'cn-hangzhou' },
    openSession: async () => ({ session: ++sessions }),
    otherOf: () => 'acme/other',
  })
  const clock = { monotonic: () => 0, after: (_: number, done: () => void) => setImmediate(done) && (() => undefined) }
  const deps = { ...stage.deps, clock, transport: { ...stage.deps.transport, send } }
  const { controls } = await openPersonalPulls({ ...stage, deps } as unknown as Stage, 'acme/tools')
  const both = (grant: string) => ({ own: grant, other: grant })
  assert.deepEqual(controls, { anonymous: both('denied'), role: both('granted') })
  assert.equal(sessions, 3)
})

test('a host that does not exist has no address, and a failure of DNS is not an answer', async () => {
  const look = (code: string) => () => Promise.reject(Object.assign(new Error(code), { code }))
  assert.deepEqual(await resolveHost('x.example', look('ENOTFOUND')), [])
  await assert.rejects(resolveHost('x.example', look('EAI_AGAIN')), (error) => codeOf(error) === 'EAI_AGAIN')
})

test('an instance without a public address is asked at its VPC domain', async () => {
  const endpoint = (EndpointType: string, Enable: boolean) => {
    return { EndpointType, Enable, Domains: [{ Domain: `${EndpointType}.example.com`, Type: 'SYSTEM' }] }
  }
  const hostsOf = async (isPublic: boolean) => {
    const hosts = new Set<string>()
    const send = async ({ url }: { url: URL }) => {
      hosts.add(url.host)
      return { status: 404, headers: {}, text: '' }
    }
    const Endpoints = [endpoint('internet', isPublic), endpoint('vpc', true)]
    const stage = stageOn((action) => (action === 'ListInstanceEndpoint' ? { Endpoints } : token(60)), {
      options: { repository: 'team/app' },
      enterprise: { ...INSTANCE, edition: 'enterprise' },
      openSession: async () => ({}),
      otherOf: () => 'team/other',
    })
    const deps = { ...stage.deps, clock: { monotonic: () => 0 }, transport: { ...stage.deps.transport, send } }
    await openEnterprisePulls({ ...stage, deps } as unknown as Stage)
    return [...hosts]
  }
  assert.deepEqual(await hostsOf(true), ['internet.example.com'])
  assert.deepEqual(await hostsOf(false), ['vpc.example.com'])
})

test('only a login that pulled before, and that the registry then decides about, shows when it ends', async () => {
  const answerOf = async (anonymous: string, ...grants: readonly string[]) => {
    let detached = 0
    let now = 0
    const left = [...grants]
    const clock = {
      monotonic: () => now,
      after: (ms: number, done: () => void) => {
        now += ms
        setImmediate(done)
        return () => undefined
      },
    }
    const objects = { detach: async () => void detached++ }
    const stage = stageOn(() => ({}), { deps: { clock }, objects, names: namesOf('0'.repeat(16)) })
    const pull = async () => (left.length > 1 ? left.shift() : left[0])
    const pulls = { controls: { anonymous: { own: anonymous } }, holdLogin: async () => pull }
    const { answer, because } = await askLoginEnd(stage, pulls as unknown as Parameters<typeof askLoginEnd>[1])
    return `${answer} after ${detached}: ${because}`
  }
  const undecided = 'not answered after 0: the repository is public, or the registry did not decide'
  assert.equal(await answerOf('granted', 'granted'), undecided)
  assert.equal(await answerOf('unknown', 'granted'), undecided)
  for (const before of ['denied', 'unknown']) {
    assert.equal(await answerOf('denied', before), 'not answered after 0: the login is not granted the repository')
  }
  assert.equal(
    await answerOf('denied', 'granted', 'unknown'),
    'not answered after 1: the registry did not decide after the policy was detached',
  )
  assert.equal(
    await answerOf('denied', 'granted', 'granted', 'unknown', 'denied'),
    'yes after 1: the login was denied 10 s after the policy was detached',
  )
})
