import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { before, test } from 'node:test'
import type { Evidence } from '../../scripts/live/evidence.ts'
import { FINGERPRINT_IDS, namesOf } from '../../scripts/live/names.ts'
import type { LiveOptions } from '../../scripts/live/options.ts'
import { callerPolicy } from '../../scripts/live/plan.ts'
import { QUESTION_IDS, type QuestionId } from '../../scripts/live/questions.ts'
import { createRamObjects } from '../../scripts/live/ram-objects.ts'
import { parseEvidence } from '../../scripts/live/read-evidence.ts'
import { cleanUpRun } from '../../scripts/live/run-live.ts'
import { roleTrustDocument } from '../../src/policy/trust-document.ts'
import { testTools } from '../tools.ts'
import { fixed } from './acr-cloud-client.ts'
import {
  type BenchChanges,
  CHAIN,
  CLUSTER,
  INSTANCE,
  ISSUER,
  JWKS,
  type LiveBench,
  OPTIONS,
  RUN,
  STOPPED,
  startLiveBench,
  startTokenServer,
  VPC,
} from './live-bench.ts'

const GOLDEN = join(import.meta.dirname, 'golden', 'live.json')

let tools: Awaited<ReturnType<typeof testTools<'registry'>>>
before(async () => {
  tools = await testTools('registry')
})

/** The cloud as its pages describe it, with the program on an instance in the linked VPC. */
function asDocumented({ cloud }: LiveBench): void {
  cloud.control.setIssuerChain(ISSUER, [CHAIN.root])
  cloud.control.setMetadataVpc(VPC)
}

interface Case extends BenchChanges {
  readonly options?: LiveOptions
  readonly prepare?: (bench: LiveBench) => void
  readonly afterwards?: (bench: LiveBench) => void
}

/** Runs the program, and checks what holds for every run. */
async function runCase({
  prepare = () => undefined,
  afterwards = () => undefined,
  options,
  ...changes
}: Case): Promise<Evidence> {
  await using bench = await startLiveBench(tools, changes)
  asDocumented(bench)
  prepare(bench)
  const evidence = await bench.run(options)
  afterwards(bench)
  assert.deepEqual(await bench.leftovers(), [])
  assert.ok(bench.secrets.size > 0)
  const everything = `${JSON.stringify(evidence)}\n${bench.printed.join('\n')}`
  for (const secret of bench.secrets) assert.equal(everything.includes(secret), false)
  for (const name of [bench.cloud.accountId, INSTANCE, STOPPED, 'team/app', 'platform/helper', 'acme/tools']) {
    assert.equal(JSON.stringify(evidence).includes(name), false, name)
  }
  return parseEvidence(JSON.stringify(evidence), 'the run')
}

type Short = readonly [answer: string, because: string]

/** Runs a case and returns the answers that differ from those of the documented cloud. */
async function differences(changes: Case): Promise<Partial<Record<QuestionId, Short>>> {
  const golden = parseEvidence(readFileSync(GOLDEN, 'utf8'), GOLDEN)
  const { answers } = await runCase(changes)
  return Object.fromEntries(
    QUESTION_IDS.flatMap((id): [string, Short][] => {
      const { answer, because } = answers[id]
      const { answer: usual, because: usually } = golden.answers[id]
      return answer === usual && because === usually ? [] : [[id, [answer, because]]]
    }),
  )
}

test('on a cloud that does what its pages say, every question is answered, with evidence and without times', async () => {
  const evidence = await runCase({})
  const text = `${JSON.stringify({ ...evidence, startedAt: ZERO, endedAt: ZERO }, withoutRequestIds, 2)}\n`
  if (process.env.UPDATE_GOLDEN) {
    mkdirSync(dirname(GOLDEN), { recursive: true })
    writeFileSync(GOLDEN, text)
  }
  assert.deepEqual(JSON.parse(text), JSON.parse(readFileSync(GOLDEN, 'utf8')))
  const ids = Object.values(evidence.answers).flatMap(({ calls }) => calls.map(({ requestId }) => requestId))
  assert.ok(ids.filter((id) => /^[0-9A-F-]{36}$/.test(id ?? '')).length > 40)
})

const ZERO = '2000-01-01T00:00:00.000Z'
const withoutRequestIds = (key: string, value: unknown): unknown => (key === 'requestId' ? undefined : value)

test('on a cloud that does the opposite, every answer is the opposite', async () => {
  const found = await differences({
    resolve: async () => [],
    behindMs: 1_180_000,
    prepare: ({ cloud: { control } }) => {
      control.breakSessionPolicies('ignored-by-registry')
      control.ignoreExpiresInHours(true)
      control.outliveSessions(true)
      control.keepLoginRights(true)
      control.setIssuerChain(ISSUER, undefined)
      control.serveStopped(true)
      control.setStaleReads(70_000)
      control.setSlowEffects(90_000)
      control.read({ ignoresCase: true, wildcardsInside: false, questionMarks: false, notResource: true })
    },
  })
  const both = 'the limited session is granted both repositories'
  const denied = (action: string): Short => [
    'no',
    `${action} was denied for 280 s, and allowed for the exact resource after 90 s`,
  ]
  assert.deepEqual(found, {
    SESSION_POLICY_ENTERPRISE: ['no', both],
    SESSION_POLICY_OIDC: ['no', both],
    SESSION_POLICY_PERSONAL: ['no', both],
    TOKEN_EXPIRES_IN_HOURS: ['no', 'a token of 3 hours was asked for, and it lives 60 minutes'],
    TOKEN_ENDS_WITH_SESSION: ['no', 'the session lives 15 minutes, and its token 60'],
    LOGIN_ENDS_WITH_RIGHTS: ['no', 'the login still pulls 120 s after the policy was detached'],
    OIDC_NO_FINGERPRINT: ['yes', 'STS accepted the token'],
    OIDC_LEAF_FINGERPRINT: ['yes', 'STS accepted the token'],
    OIDC_WRONG_FINGERPRINT: ['no', 'STS accepted the token'],
    VPC_LINK_UNAUTHORIZED: ['no', 'the VPC domain does not resolve in the linked VPC'],
    RAM_EFFECT: ['no', 'the role was allowed to call ListInstanceEndpoint after 90 s'],
    RAM_READ: ['no', 'GetPolicy returned the policy after 70 s'],
    STOPPED_INSTANCE: ['no', 'an instance that is STOPPED issued a token'],
    MATCH_WILDCARD_INSIDE: denied('cr:GetInstance'),
    MATCH_QUESTION_MARK: denied('cr:GetInstanceEndpoint'),
    MATCH_CASE: ['yes', 'cr:GetInstanceVpcEndpoint was allowed after 90 s'],
    MATCH_NOT_RESOURCE: ['yes', 'ram:GetPolicy was allowed after 90 s'],
  })
})

test('a refusal by the registry, by ACR or by RAM is an answer only where it decides the question', async () => {
  const found = await differences({
    prepare: ({ cloud }) => {
      const { control, faults } = cloud
      control.breakSessionPolicies('refused-by-registry')
      const match = { action: 'GetAuthorizationToken' }
      faults.add({ kind: 'status', status: 400, code: 'InvalidParameter', match: { ...match, instanceId: INSTANCE } })
      faults.add({ kind: 'status', status: 403, code: 'NoPermission', match: { ...match, instanceId: STOPPED } })
      cloud.registerOidcProvider({ name: 'theirs', issuer: ISSUER, jwks: { keys: [] }, clientIds: [] })
      control.changeInstance(INSTANCE, { vpc: { vpcs: [{ id: VPC, vswitch: 'vsw-1' }] } })
    },
  })
  const denied = 'the limited session is denied its own repository'
  const taken = 'RAM already has an OIDC provider for this issuer: name it with --oidc-provider'
  assert.deepEqual(found, {
    SESSION_POLICY_ENTERPRISE: ['no', denied],
    SESSION_POLICY_OIDC: ['not answered', 'STS accepted the token with no provider'],
    SESSION_POLICY_PERSONAL: ['no', denied],
    TOKEN_EXPIRES_IN_HOURS: ['no', 'the parameter is refused: CLOUD_REJECTED InvalidParameter'],
    OIDC_ROOT_FINGERPRINT: ['not answered', taken],
    OIDC_NO_FINGERPRINT: ['not answered', taken],
    OIDC_LEAF_FINGERPRINT: ['not answered', taken],
    OIDC_WRONG_FINGERPRINT: ['not answered', taken],
    VPC_LINK_UNAUTHORIZED: ['not answered', 'no VPC link of the instance has this issue'],
    STOPPED_INSTANCE: ['not answered', 'a call failed: CLOUD_DENIED NoPermission'],
  })
})

test('what an account or a machine cannot show is not answered, with the reason', async () => {
  const found = await differences({
    withoutPersonal: true,
    readChain: () => Promise.reject(new Error('no route')),
    prepare: ({ cloud: { control, faults } }) => {
      control.setVisibility('team/app', 'public')
      control.shortSessions(3600)
      control.setMetadataVpc('vpc-elsewhere')
      control.changeInstance(STOPPED, { status: 'RUNNING' })
      // Grants the action on all resources, as if RAM did not authorize it by resource.
      faults.add({
        kind: 'status',
        status: 403,
        code: 'NoPermission',
        times: 999,
        match: { action: 'GetInstanceEndpoint' },
      })
    },
  })
  const isPublic = 'the repository is public'
  const unreadable: Short = ['not answered', 'the certificate of the issuer cannot be read from here']
  assert.deepEqual(found, {
    SESSION_POLICY_ENTERPRISE: ['not answered', isPublic],
    SESSION_POLICY_OIDC: ['not answered', 'STS accepted the token with no provider'],
    OIDC_ROOT_FINGERPRINT: unreadable,
    OIDC_LEAF_FINGERPRINT: unreadable,
    SESSION_POLICY_PERSONAL: ['not answered', 'the account has no Personal Edition that was created before 2024-09-09'],
    TOKEN_EXPIRES_IN_HOURS: ['not answered', 'STS gave a session of 60 minutes, which is shorter than the token'],
    LOGIN_ENDS_WITH_RIGHTS: ['not answered', 'the repository is public, or the registry did not decide'],
    VPC_LINK_UNAUTHORIZED: [
      'not answered',
      'the program runs in a VPC without such a link: run it on an ECS instance in the linked VPC',
    ],
    STOPPED_INSTANCE: ['not answered', 'the named instance is RUNNING'],
    MATCH_QUESTION_MARK: ['not answered', 'cr:GetInstanceEndpoint was denied for the exact resource too'],
  })
})

test('a registry that denies unknown names to everybody needs a second repository', async () => {
  const { otherRepository: _, ...options } = OPTIONS
  const invented = 'the role is not granted the other repository without a session policy, whose name is invented'
  const named: Short = ['not answered', `${invented}: name a second one with --other-repository`]
  const prepare = ({ cloud }: LiveBench): void => cloud.control.denyUnknownRepositories(true)
  assert.deepEqual(await differences({ options, prepare }), {
    SESSION_POLICY_ENTERPRISE: named,
    SESSION_POLICY_OIDC: named,
    SESSION_POLICY_PERSONAL: ['not answered', invented],
    UNKNOWN_REPOSITORY: ['no', 'the registry denied the unknown repository'],
  })
  assert.deepEqual(await differences({ options }), {})
})

test('how long a login pulls after the policy of its role is detached: until RAM applies it, or until it expires', async () => {
  /** RAM applies the detachment after this time. */
  const after = async (ms: number): Promise<Partial<Record<QuestionId, Short>>> => {
    let control: LiveBench['cloud']['control'] | undefined
    return differences({
      prepare: ({ cloud }) => {
        control = cloud.control
      },
      onRequest: (action) => {
        if (action === 'DetachPolicyFromRole') control?.setSlowEffects(ms)
      },
    })
  }
  for (const [ms, answer] of [
    [20_000, 'yes'],
    [60_000, 'yes'],
    [65_000, 'no'],
  ] as const) {
    const because = `the login was denied ${ms / 1000} s after the policy was detached`
    assert.deepEqual(await after(ms), { LOGIN_ENDS_WITH_RIGHTS: [answer, because] })
  }
  assert.deepEqual(await differences({ prepare: ({ cloud }) => cloud.control.keepLoginRights(true) }), {
    LOGIN_ENDS_WITH_RIGHTS: ['no', 'the login still pulls 120 s after the policy was detached'],
  })
})

test('session policies of AssumeRoleWithOIDC are asked with the first provider that STS accepts', async () => {
  const prepare = ({ cloud: { control } }: LiveBench): void => {
    control.breakSessionPolicies('ignored-for-oidc')
    control.setIssuerChain(ISSUER, [CHAIN.leaf])
  }
  assert.deepEqual(await differences({ prepare }), {
    SESSION_POLICY_OIDC: ['no', 'the limited session is granted both repositories'],
    OIDC_ROOT_FINGERPRINT: [
      'no',
      'STS refused the token with AuthenticationFail.OIDCToken.PublicKeyFingerprintMismatch',
    ],
    OIDC_LEAF_FINGERPRINT: ['yes', 'STS accepted the token'],
  })
})

test('an existing provider is used and not changed, and answers what its fingerprints are', async () => {
  const others: Short = ['not answered', 'the provider that is in use has other fingerprints, and is not changed']
  const run = async (accepted: boolean) => {
    let calls: readonly string[] = []
    const found = await differences({
      rights: callerPolicy({ ...OPTIONS, oidcProvider: THEIRS }),
      options: { ...OPTIONS, oidcProvider: THEIRS },
      prepare: ({ cloud }) => {
        cloud.registerOidcProvider({ ...THEIR_PROVIDER, clientIds: accepted ? ['sts.aliyuncs.com'] : [] })
        cloud.control.acceptWithoutFingerprints(true)
      },
      afterwards: ({ cloud }) => {
        calls = cloud.calls.flatMap(({ product, action }) => (product === 'Ims' ? [action] : []))
      },
    })
    return { found, calls }
  }
  assert.deepEqual(await run(true), {
    found: {
      OIDC_ROOT_FINGERPRINT: others,
      OIDC_NO_FINGERPRINT: ['yes', 'STS accepted the token'],
      OIDC_LEAF_FINGERPRINT: others,
      OIDC_WRONG_FINGERPRINT: others,
    },
    calls: ['GetOIDCProvider'],
  })
  const reason: Short = [
    'not answered',
    'STS gave another reason: IDENTITY_NOT_TRUSTED AuthenticationFail.OIDCToken.AudienceNotMatch',
  ]
  const { found } = await run(false)
  assert.deepEqual(found, {
    SESSION_POLICY_OIDC: ['not answered', 'STS accepted the token with no provider'],
    ...Object.fromEntries(FINGERPRINT_IDS.map((id) => [id, reason])),
  })
})

test('a cluster with RRSA gives a token, and its provider shows whether RRSA can be limited', async () => {
  await using server = await startTokenServer()
  const { oidcTokenFile: _, ...rest } = OPTIONS
  const options = { ...rest, cluster: CLUSTER }
  const rights = callerPolicy(options)
  const other: Short = ['not answered', 'the provider that is in use has other fingerprints, and is not changed']
  const found = await differences({
    rights,
    options,
    prepare: ({ cloud: { control, ...cloud } }) => {
      cloud.registerCluster({ ...server.cluster, rrsa: { issuer: ISSUER, jwks: JWKS } })
      control.acceptWithoutFingerprints(true)
      control.breakSessionPolicies('ignored-for-oidc')
    },
  })
  assert.deepEqual(found, {
    SESSION_POLICY_OIDC: ['no', 'the limited session is granted both repositories'],
    OIDC_ROOT_FINGERPRINT: other,
    OIDC_NO_FINGERPRINT: ['yes', 'STS accepted the token'],
    OIDC_LEAF_FINGERPRINT: other,
    OIDC_WRONG_FINGERPRINT: other,
  })
  assert.deepEqual(server.requests, [
    ['POST /api/v1/namespaces/default/serviceaccounts/default/token', ['sts.aliyuncs.com']],
  ])
  const unanswered = async (prepare: (bench: LiveBench) => void) => {
    const all = Object.entries(await differences({ rights, options, prepare }))
    assert.equal(all.length, 1 + FINGERPRINT_IDS.length)
    return new Set(all.map(([, [answer, because]]) => `${answer}, because ${because}`))
  }
  const off = await unanswered(({ cloud }) => cloud.registerCluster(server.cluster))
  assert.deepEqual(off, new Set(['not answered, because RRSA is off in the cluster, so its issuer is not public']))
  const refused = await unanswered(({ cloud }) => {
    cloud.registerCluster({ ...server.cluster, rrsa: { issuer: ISSUER, jwks: JWKS } })
    server.refuse()
  })
  assert.deepEqual(refused, new Set(['not answered, because the cluster gave no token: KUBE_FORBIDDEN Forbidden']))
})

const THEIRS = 'acs:ram::1427736501988243:oidc-provider/theirs'
const THEIR_PROVIDER = { name: 'theirs', issuer: ISSUER, jwks: JWKS }

test('without the optional inputs their questions say which option they need', async () => {
  const { region, instanceId, repository } = OPTIONS
  const token = 'no token was given with --cluster or --oidc-token-file'
  assert.deepEqual(await differences({ options: { region, instanceId, repository } }), {
    SESSION_POLICY_OIDC: ['not answered', token],
    SESSION_POLICY_PERSONAL: ['not answered', 'no repository was given with --personal'],
    OIDC_ROOT_FINGERPRINT: ['not answered', token],
    OIDC_NO_FINGERPRINT: ['not answered', token],
    OIDC_LEAF_FINGERPRINT: ['not answered', token],
    OIDC_WRONG_FINGERPRINT: ['not answered', token],
    STOPPED_INSTANCE: ['not answered', 'no instance was given with --stopped-instance'],
  })
})

const WITHOUT_ROLE: readonly QuestionId[] = ['STOPPED_INSTANCE', 'CLUSTER_LIST_REGIONS']

/** Every question except the questions that need no role. */
const withRole = (...verdict: Short): [QuestionId, Short][] =>
  QUESTION_IDS.filter((id) => !WITHOUT_ROLE.includes(id)).map((id) => [id, verdict])

test('without the right to create the role, every question that needs it says so, and nothing is recorded', async () => {
  const rights = { Version: '1', Statement: callerPolicy(OPTIONS).Statement.slice(1) }
  const denied = withRole('not answered', 'the role cannot be used: CLOUD_DENIED NoPermission')
  assert.deepEqual(await differences({ rights }), Object.fromEntries(denied))
})

test('a policy that never takes effect is an answer, and blocks the questions that need it', async () => {
  const found = await differences({ prepare: ({ cloud }) => cloud.control.setSlowEffects(130_000) })
  const { RAM_READ: _, ...blocked } = Object.fromEntries(
    withRole('not answered', 'the policy of the role did not take effect'),
  )
  const never: Short = ['no', 'not within 120 s: the role was allowed to call ListInstanceEndpoint']
  assert.deepEqual(found, { ...blocked, RAM_EFFECT: never })
})

test('what cannot be removed is named, stays recorded, and is removed by --clean-up with the right', async () => {
  const statements = callerPolicy(OPTIONS).Statement
  const rights = JSON.parse(JSON.stringify({ Version: '1', Statement: statements }).replace('"ram:DeleteRole",', ''))
  await using bench = await startLiveBench(tools, { rights })
  asDocumented(bench)
  const role = namesOf(RUN).role
  await assert.rejects(bench.run(), {
    code: 'LIVE_LEFT',
    message: `not removed: role ${role} (CLOUD_DENIED NoPermission)`,
    hint: `Check the credentials, then run: npm run live -- --clean-up ${RUN}`,
  })
  assert.deepEqual(await bench.leftovers(), [role, `${RUN}.json`])
  const deps = { ...bench.deps, caller: fixed(bench.cloud.administrator) }
  await cleanUpRun(RUN, bench.records, deps)
  assert.deepEqual(await bench.leftovers(), [])
})

test('--clean-up leaves an object whose description is not the one of the run', async () => {
  await using bench = await startLiveBench(tools)
  const { role } = namesOf(RUN)
  const deps = { ...bench.deps, caller: fixed(bench.cloud.administrator) }
  const trust = roleTrustDocument(`acs:ram::${bench.cloud.accountId}:root`)
  await createRamObjects(deps).createRole({ name: role, trust, seconds: 3600, description: 'theirs' })
  const done = cleanUpRun(RUN, bench.records, deps)
  await assert.rejects(done, { message: `not removed: role ${role} (its description is not the one of this run)` })
  assert.deepEqual(await bench.leftovers(), [role])
})

test('Ctrl-C during and after each kind of write leaves nothing in RAM, and no record', async () => {
  const requests: string[] = []
  let interrupt = new AbortController()
  let at = Number.POSITIVE_INFINITY
  const onRequest = (action: string): void => {
    if (requests.push(action) - 1 === at) interrupt.abort('SIGINT')
  }
  await using bench = await startLiveBench(tools, { onRequest })
  asDocumented(bench)
  await bench.run()
  const all = [...requests]
  const removal = all.indexOf('DetachPolicyFromRole')
  const writes = [
    'CreateRole',
    'CreatePolicy',
    'AttachPolicyToRole',
    'CreateOIDCProvider',
    'UpdateRole',
    'DeleteOIDCProvider',
  ]
  const moments = writes.flatMap((action) => [all.indexOf(action), all.indexOf(action) + 1])
  assert.ok(moments.every((moment) => moment > 0 && moment < removal))
  for (const moment of moments) {
    requests.length = 0
    at = moment
    interrupt = new AbortController()
    await assert.rejects(bench.run(OPTIONS, interrupt.signal), `at request ${moment}, ${all[moment]}`)
    assert.equal(interrupt.signal.aborted, true, `at request ${moment}, ${all[moment]}`)
    at = Number.POSITIVE_INFINITY
    assert.deepEqual(await bench.leftovers(), [], `at request ${moment}, ${all[moment]}`)
  }
})

test('a creation whose response is lost is removed', async () => {
  await using bench = await startLiveBench(tools)
  asDocumented(bench)
  for (const actions of [['CreateRole'], ['CreatePolicy', 'CreateOIDCProvider']]) {
    for (const action of actions) bench.cloud.faults.add({ kind: 'cut-after', match: { action } })
    const { answers, removals } = await bench.run()
    const lost = Object.values(answers).filter(({ because }) => because.endsWith('CLOUD_UNREACHABLE ECONNRESET'))
    assert.ok(lost.length > 0)
    assert.deepEqual(new Set(removals.map(({ result }) => result)), new Set(['removed']))
    assert.deepEqual(await bench.leftovers(), [], actions.join())
  }
})
