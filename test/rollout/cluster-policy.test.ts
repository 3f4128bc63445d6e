import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ClusterDetail } from '../../src/alibaba/cs.ts'
import { NopassError } from '../../src/errors.ts'
import { KubeApiError } from '../../src/kube/api-error.ts'
import type { Statement } from '../../src/policy/normal-form.ts'
import { ownDescription } from '../../src/policy/ram-names.ts'
import { newRun, type RunContext } from '../../src/rollout/cluster/cluster-run.ts'
import {
  isAloneInCluster,
  NOTHING_IN_RAM,
  planPolicies,
  unknownRoles,
  widenPolicies,
} from '../../src/rollout/ram/cluster-policy.ts'
import { computeRrsa, formerTargets, policyTargets } from '../../src/rollout/ram/cluster-targets.ts'

const LISTED = 'https://oidc-ack-cn-hangzhou.oss-cn-hangzhou.aliyuncs.com/c1,https://kubernetes.default.svc'
const [FIRST = '', SECOND = ''] = LISTED.split(',')

type Arguments = Parameters<typeof policyTargets>

/** An RRSA cluster whose API server has this response for `/.well-known/openid-configuration`. */
function rrsaCluster(discovery: () => unknown): [Arguments[0], string] {
  const cluster = {
    name: 'a',
    ram: 'rrsa',
    values: {
      node: { identity: 'service-account', serviceAccounts: [] },
      registries: [],
      identity: { type: 'rrsa', rrsa: {} },
    },
    settings: { name: 'a', access: { kind: 'ack', clusterId: 'c1' }, namespace: 'acr-nopass' },
  } as unknown as Arguments[0]['cluster']
  const detail = {
    clusterId: 'c1',
    rrsa: { enabled: true, issuers: LISTED, oidcProviderArn: 'acs:ram::1:oidc-provider/ack-rrsa-c1' },
  } as ClusterDetail
  const client = {
    request: async ({ path }: { path: string }) => {
      assert.equal(path, '/.well-known/openid-configuration')
      return discovery()
    },
  }
  const context = {
    settings: {
      inputs: { 'ram-scope': 'instance', 'adopt-policy': false },
      selected: [cluster.settings],
      clusters: [cluster.settings],
    },
    prepared: [cluster],
    cloud: { caller: async () => ({ accountId: '1' }) },
  } as unknown as Arguments[0]['context']
  const signal = new AbortController().signal
  const work = { cluster, context, run: newRun(), signal, detail, identity: {}, release: { client } }
  return [work as unknown as Arguments[0], 'acr-nopass']
}

const fail = (status: number) => () => {
  throw new KubeApiError(status, `GET /.well-known/openid-configuration returned ${status}`)
}
const conditionsOf = (statement: Statement | undefined): Record<string, unknown> => {
  assert.ok(statement)
  return (statement.Condition as { StringEquals: Record<string, unknown> }).StringEquals
}
const issuerOf = (targets: Awaited<ReturnType<typeof policyTargets>>): unknown =>
  conditionsOf(targets[0]?.target.trust?.statements[0])['oidc:iss']

for (const served of [FIRST, SECOND]) {
  test(`the trust names ${served}, which the API server serves and ACK lists`, async () => {
    const targets = await policyTargets(...rrsaCluster(() => ({ issuer: served })))
    assert.deepEqual(issuerOf(targets), [served])
    assert.deepEqual(targets[0]?.unverified, undefined)
    assert.equal(targets[0]?.target.trust?.alternatives, undefined)
  })
}

for (const [title, discovery] of [
  ['is forbidden (403)', fail(403)],
  ['requires authentication (401)', fail(401)],
  ['is not served (404)', fail(404)],
  ['has no issuer', () => ({})],
] as const) {
  test(`the discovery document ${title}: the trust names ACK's first issuer, and a note reports it`, async () => {
    const targets = await policyTargets(...rrsaCluster(discovery))
    assert.deepEqual(issuerOf(targets), [FIRST])
    assert.deepEqual(
      targets[0]?.unverified?.map(({ id }) => id),
      ['ISSUER'],
    )
    assert.match(targets[0]?.unverified?.[0]?.subject ?? '', new RegExp(`: ${FIRST}$`))
  })
}

test("an API server's issuer that ACK does not list fails the cluster, but not its removal", async () => {
  const elsewhere = rrsaCluster(() => ({ issuer: 'https://elsewhere' }))
  await assert.rejects(policyTargets(...elsewhere), {
    code: 'RRSA_ISSUER_MISMATCH',
    message: new RegExp(`https://elsewhere, but ACK lists ${FIRST} and ${SECOND}$`),
  })
  assert.deepEqual(issuerOf(await policyTargets(...elsewhere, 'remove')), ['https://elsewhere'])
})

test('an API server that does not respond is not mistaken for one without an issuer', async () => {
  await assert.rejects(policyTargets(...rrsaCluster(fail(0))), { status: 0 })
  await assert.rejects(policyTargets(...rrsaCluster(fail(503))), { status: 503 })
})

for (const [kind, unverified] of [
  ['edge', [{ id: 'EDGE_NODES', subject: 'cluster a' }]],
  ['managed', undefined],
] as const) {
  test(`the worker roles of a cluster of the kind ${kind}, with what was not checked`, async () => {
    const [work, account] = rrsaCluster(() => ({}))
    assert.ok(work.detail)
    const own = { name: 'a', key: 'c1', accountId: '1', registries: [], workerRoles: ['nodes'] }
    const ramList = async () => ({ clusters: [own], unknown: new Map() })
    const [target] = await policyTargets(
      {
        ...work,
        cluster: { ...work.cluster, ram: 'worker-role' },
        context: { ...work.context, ramList },
        detail: { ...work.detail, kind },
      },
      account,
    )
    assert.deepEqual(target?.target.roles, ['nodes'])
    assert.deepEqual(target?.unverified, unverified)
  })
}

for (const [kind, hint] of [
  ['dedicated', /identity\.type: worker-role/],
  ['registered', /identity\.type: access-key/],
] as const) {
  test(`RRSA on a ${kind} cluster, which ACK does not offer, is rejected with the alternative`, async () => {
    const [work, account] = rrsaCluster(() => ({ issuer: FIRST }))
    assert.ok(work.detail)
    const detail = { ...work.detail, kind, rrsa: { enabled: false, issuers: '', oidcProviderArn: '' } }
    await assert.rejects(policyTargets({ ...work, detail }, account), { code: 'RRSA_NOT_ENABLED', hint })
  })
}

for (const { title, issuer, discovery, steps } of [
  {
    title: 'corrected by hand, and nothing verified',
    issuer: SECOND,
    discovery: fail(403),
    steps: [],
  },
  { title: 'with the right issuer', issuer: FIRST, discovery: () => ({ issuer: FIRST }), steps: [] },
  {
    title: 'with the whole list as its issuer, which no token carries',
    issuer: LISTED,
    discovery: () => ({ issuer: FIRST }),
    steps: ['update-trust'],
  },
]) {
  test(`a trust ${title}: ${steps.join() || 'nothing'} in the narrow phase`, async () => {
    const [work, account] = rrsaCluster(discovery)
    const { context } = work
    const targets = await policyTargets(work, account)
    const statement = structuredClone(targets[0]?.target.trust?.statements[0])
    conditionsOf(statement)['oidc:iss'] = [issuer]
    const role = {
      name: 'acr-nopass-c1',
      arn: '',
      description: ownDescription('cluster a'),
      trust: JSON.stringify({ Version: '1', Statement: [statement] }),
    }
    const ram = {
      getRole: async () => role,
      getPolicy: async () => undefined,
      listRolePolicies: async () => [],
      listPolicyEntities: async () => ({ roles: [], users: [], groups: [] }),
    }
    const withRam = { ...context, cloud: { ...context.cloud, ram: () => ram } } as unknown as typeof context
    const plans = await planPolicies({ ...work, context: withRam }, targets, [], undefined)
    assert.deepEqual(
      plans.flatMap((plan) => plan.steps.map((step) => step.do)),
      steps,
    )
  })
}

test('roles of an earlier identity that cannot be read are reported, not ignored', async () => {
  const [work, account] = rrsaCluster(() => ({ issuer: FIRST }))
  const { cluster, context } = work
  const { settings } = cluster
  const sibling = { ...settings, name: 'b', access: { ...settings.access, clusterId: 'c2' }, workerRoles: [] }
  const unseen = async (code: 'CLOUD_DENIED' | 'WORKER_ROLE_UNKNOWN' | 'CLOUD_UNREACHABLE') => {
    const cloud = {
      ...context.cloud,
      cs: () => {
        throw new NopassError(code, 'no')
      },
    }
    const own = { ...cluster, settings: { ...settings, workerRoles: [] } }
    const list = { ...context, cloud, settings: { ...context.settings, clusters: [own.settings, sibling] } }
    const targets = await policyTargets({ ...work, cluster: own }, account)
    const listed = { ...work, cluster: own, context: list as unknown as typeof context }
    return (await formerTargets(listed, targets)).unseen
  }
  assert.match((await unseen('CLOUD_DENIED')).join(), /^RAM: not checked: whether .* `workerRoles`$/)
  assert.deepEqual(await unseen('WORKER_ROLE_UNKNOWN'), [])
  await assert.rejects(unseen('CLOUD_UNREACHABLE'), { code: 'CLOUD_UNREACHABLE' })
})

test('a shared policy of an earlier identity is left to all clusters of the list, not only to this one', async () => {
  const [work, account] = rrsaCluster(() => ({ issuer: FIRST }))
  const { cluster, context } = work
  const { settings } = cluster
  const sibling = { ...settings, name: 'b', access: { ...settings.access, clusterId: 'c2' }, workerRoles: [] }
  const own = { ...cluster, settings: { ...settings, workerRoles: ['nodes'] } }
  const targets = await policyTargets({ ...work, cluster: own }, account)
  const former = async (...clusters: readonly object[]) => {
    const list = { ...context, settings: { ...context.settings, clusters } } as unknown as typeof context
    const found = await formerTargets({ ...work, cluster: own, context: list }, targets)
    return found.former.map(({ target }) => [target.policyName, target.members])
  }
  assert.deepEqual(await former(own.settings, sibling), [['acr-nopass-nodes', ['c1', 'c2']]])
  assert.deepEqual(await former(own.settings), [])
})

test('an RRSA role that the user made is not changed, and a note says so', async () => {
  const [work] = rrsaCluster(() => ({ issuer: FIRST }))
  const { context, cluster } = work
  const notes = async (ram: string): Promise<readonly string[]> => {
    const settings = { ...context.settings, inputs: { ...context.settings.inputs, ram } }
    const own = { ...work, cluster: { ...cluster, ram: 'none' }, context: { ...context, settings } }
    return (await formerTargets(own as unknown as typeof work, [])).unseen
  }
  assert.match((await notes('auto')).join(), /^RAM: not changed, because the cluster is not given by `ack`/)
  assert.deepEqual(await notes('none'), [])
})

for (const [title, shared, selected, steps] of [
  ['every cluster that needs the policy is in the run', undefined, true, ['update-policy']],
  ['another acr-nopass in the cluster may need more', 'another may need it', true, []],
  ['a cluster that needs the policy is not in the run', undefined, false, []],
] as const) {
  test(`a plan shows a narrowing exactly if an apply would do it: ${title}`, async () => {
    const [work] = rrsaCluster(() => ({ issuer: FIRST }))
    const { context, cluster } = work
    const grant = (...Resource: string[]) =>
      ({ Version: '1', Statement: [{ Effect: 'Allow', Action: ['cr:PullRepository'], Resource }] }) as const
    const description = ownDescription('cluster a')
    const policy = { name: 'p', description, document: JSON.stringify(grant('a', 'b')), defaultVersion: 'v1' }
    const ram = {
      getPolicy: async (name: string) => (name === 'p' ? policy : undefined),
      listRolePolicies: async () => [{ name: 'p', custom: true }],
      listPolicyEntities: async () => ({ roles: ['nodes', 'former'], users: [], groups: [] }),
    }
    const settings = { ...context.settings, selected: selected ? [cluster.settings] : [] }
    const withRam = { ...context, settings, cloud: { ...context.cloud, ram: () => ram } } as unknown as typeof context
    const target = { policyName: 'p', document: grant('a'), purpose: 't', roles: ['nodes'], adopt: false } as const
    const targets = [{ target: { ...target, phase: 'widen' } as const, clusters: ['a'], accountId: '1' }]
    const plans = await planPolicies({ ...work, context: withRam }, targets, [], shared)
    const shown = plans.flatMap((plan) => plan.steps.map((step) => step.do))
    assert.deepEqual(shown, steps.length === 0 ? [] : [...steps, 'detach'])
    if (shared !== undefined) assert.deepEqual(plans[0]?.kept ?? [], [])
  })
}

test('a cluster is alone unless another entry of the list is the same cluster of ACK', () => {
  const entry = (name: string, clusterId?: string) => ({
    name,
    access: clusterId === undefined ? { kind: 'kubeconfig-file' } : { kind: 'ack', clusterId },
  })
  const alone = (name: string, ...clusters: readonly object[]): boolean =>
    isAloneInCluster(name, { clusters } as unknown as RunContext['settings'])
  assert.equal(alone('a', entry('a', 'c1'), entry('b', 'c2'), entry('c')), true)
  assert.equal(alone('a', entry('a', 'c1'), entry('b', 'c1')), false)
  assert.equal(alone('c', entry('a', 'c1'), entry('c'), entry('d')), true)
  assert.equal(alone('absent', entry('a', 'c1')), true)
})

test('the roles of the clusters matter only if a cluster uses the worker role', async (t) => {
  const why = (rams: readonly string[], unknown: readonly string[]) =>
    unknownRoles(
      {
        prepared: rams.map((ram) => ({ ram })),
        ramList: async () => ({ clusters: [], unknown: new Map(unknown.map((name) => [name, new Error()])) }),
      } as unknown as RunContext,
      t.signal,
    )
  assert.equal(await why(['rrsa', 'worker-role'], ['x', 'y']), 'the worker roles of x, y are unknown')
  assert.equal(await why(['worker-role'], []), undefined)
  assert.equal(await why(['rrsa', 'none'], ['x']), undefined)
})

test('missing ARNs in the values of an RRSA cluster are computed; given ARNs stay', async () => {
  const [work] = rrsaCluster(() => ({}))
  assert.ok(work.detail)
  const { detail } = work
  const computed = (identity: object | undefined, more: object = {}) => {
    const values = identity && { ...work.cluster.values, identity }
    const cluster = { ...work.cluster, values, ...more } as unknown as typeof work.cluster
    return computeRrsa({ ...work, cluster, detail: 'detail' in more ? undefined : detail })
  }
  const roleArn = 'acs:ram::1:role/acr-nopass-c1'
  const oidcProviderArn = 'acs:ram::1:oidc-provider/ack-rrsa-c1'
  const rrsa = (given: object) => ({ type: 'rrsa', rrsa: given })
  assert.deepEqual(await computed(rrsa({})), { roleArn, oidcProviderArn })
  assert.deepEqual(await computed(undefined), { roleArn, oidcProviderArn })
  assert.deepEqual(await computed({ type: 'worker-role', rrsa: { roleArn: 'x' } }), { roleArn, oidcProviderArn })
  assert.deepEqual(await computed(rrsa({ roleArn: 'own' })), { roleArn: 'own', oidcProviderArn })
  assert.deepEqual(await computed(rrsa({ oidcProviderArn: 'own' })), { roleArn, oidcProviderArn: 'own' })
  assert.equal(await computed(rrsa({ roleArn: 'own', oidcProviderArn: 'own' })), undefined)
  assert.equal(await computed(rrsa({}), { ram: 'none' }), undefined)
  assert.equal(await computed(rrsa({}), { detail: undefined }), undefined)
})

test('nodes with unknown roles stop the rollout, and the error names the setting for these roles', async () => {
  const [work, account] = rrsaCluster(() => ({}))
  const targets = (roles: readonly string[] | undefined, inputs: object, failure?: Error) => {
    const own = { name: 'a', key: '', accountId: '1', registries: [], workerRoles: roles }
    const unknown = new Map(failure === undefined ? [] : [['a', failure]])
    const ramList = async () => ({ clusters: roles === undefined ? [] : [own], unknown })
    const settings = { ...work.context.settings, inputs: { ...work.context.settings.inputs, ...inputs } }
    const context = { ...work.context, ramList, settings } as unknown as typeof work.context
    return policyTargets({ ...work, cluster: { ...work.cluster, ram: 'worker-role' }, context }, account)
  }
  const message = (missing: string) =>
    `the roles of the nodes are unknown: the cluster is not an ACK cluster, and ${missing}`
  const code = 'WORKER_ROLE_UNKNOWN'
  const single = { clusters: '', 'clusters-file': '' }
  for (const roles of [[], undefined])
    await assert.rejects(targets(roles, single), { code, message: message('`worker-roles` is not set') })
  for (const inputs of [
    { ...single, clusters: 'a' },
    { ...single, 'clusters-file': 'f' },
  ])
    await assert.rejects(targets([], inputs), { code, message: message('its entry has no `workerRoles`') })
  const failure = new NopassError('CLOUD_DENIED', 'no right')
  await assert.rejects(targets(['nodes'], single, failure), { code: 'CLOUD_DENIED' })
})

test('RRSA is refused with a fix if ACK does not offer it, if it is not enabled, or if `ack` is missing', async () => {
  const [work, account] = rrsaCluster(() => ({ issuer: FIRST }))
  assert.ok(work.detail)
  const off = { ...work.detail, rrsa: { ...work.detail.rrsa, enabled: false } }
  const code = 'RRSA_NOT_ENABLED'
  for (const [detail, message] of [
    [{ ...off, kind: 'dedicated' }, 'ACK offers no RRSA on dedicated clusters such as c1'],
    [{ ...off, kind: 'registered' }, 'ACK offers no RRSA on registered clusters such as c1'],
    [{ ...off, kind: 'managed' }, 'RRSA is not enabled on c1'],
    [undefined, 'ram: rrsa needs a cluster that is given by `ack`, which names its issuer'],
  ] as const)
    await assert.rejects(policyTargets({ ...work, detail }, account), { code, message })
})

/**
 * RAM with two policies of a cluster. `p` has exactly what is needed. The cluster needed the other
 * policy before, on the role `former`.
 */
function settledPolicies(clusters: readonly object[]) {
  const [work] = rrsaCluster(() => ({ issuer: FIRST }))
  const { context, cluster } = work
  const grant = {
    Version: '1',
    Statement: [{ Effect: 'Allow', Action: ['cr:PullRepository'], Resource: ['a'] }],
  } as const
  const policy = { description: ownDescription('cluster a'), document: JSON.stringify(grant), defaultVersion: 'v1' }
  const on = (name: string) => (name === 'p' ? 'nodes' : 'former')
  const ram = {
    getPolicy: async (name: string) => (name === 'p' || name === 'old' ? { ...policy, name } : undefined),
    listRolePolicies: async () => [{ name: 'p', custom: true }],
    listPolicyEntities: async (name: string) => ({ roles: [on(name)], users: [], groups: [] }),
  }
  const settings = { ...context.settings, selected: [cluster.settings], clusters: [cluster.settings, ...clusters] }
  const cloud = { ...context.cloud, ram: () => ram }
  const ramLock = (_: unknown, change: () => unknown) => change()
  const all = { ...work, context: { ...context, settings, cloud, ramLock } as unknown as typeof context }
  const about = { purpose: 't', adopt: false } as const
  const target = { ...about, policyName: 'p', document: grant, roles: ['nodes'], phase: 'widen' } as const
  const old = { ...about, policyName: 'old', document: undefined, roles: [], phase: 'narrow' } as const
  return {
    work: all,
    targets: [{ target, clusters: ['a'], accountId: '1' }],
    former: [{ target: old, clusters: ['a'], accountId: '1' }],
  }
}

test('a deploy that needs nothing new in RAM says so', async () => {
  const { work, targets } = settledPolicies([])
  const lines: string[] = []
  const plans = await widenPolicies(work, targets, (line) => lines.push(line))
  assert.deepEqual(lines, [NOTHING_IN_RAM])
  assert.deepEqual(await widenPolicies(work, [], assert.fail), [])
  assert.deepEqual(
    plans.map(({ steps, kept }) => [steps, kept]),
    [[[], []]],
  )
})

test('a deploy that changes RAM and cannot see who else has a policy reports both', async () => {
  const { work, targets } = settledPolicies([])
  let attached: readonly object[] = []
  const ram = {
    ...work.context.cloud.ram(work.cluster.settings),
    listPolicyEntities: async () => undefined,
    listRolePolicies: async () => attached,
    change: async () => {
      attached = [{ name: 'p', custom: true }]
    },
  }
  const context = { ...work.context, cloud: { ram: () => ram } } as unknown as typeof work.context
  const searched = targets.map((one) => ({ ...one, target: { ...one.target, leftovers: 'detach' as const } }))
  const lines: string[] = []
  await widenPolicies({ ...work, context }, searched, (line) => lines.push(line))
  assert.deepEqual(lines, [
    'RAM: attach policy p to role nodes',
    'RAM: kept policy p on roles that may not need it any more: ram:ListEntitiesForPolicy is denied',
  ])
})

test('a plan shows which roles lose a policy that the cluster needed before, and why other roles keep it', async () => {
  const shown = async (clusters: readonly object[], reason?: string) => {
    const { work, targets, former } = settledPolicies(clusters)
    const plans = await planPolicies(work, targets, former, reason)
    return plans.flatMap(({ steps, kept }) => [...steps.map((step) => step.do), ...kept])
  }
  const kept = 'policy old on role former, which nothing in this list needs there'
  const entry = (name: string, clusterId: string) => ({ name, access: { kind: 'ack', clusterId } })
  assert.deepEqual(await shown([]), ['detach'])
  assert.deepEqual(await shown([entry('b', 'c2'), entry('c', 'c3')]), [`${kept}: b, c not part of this run`])
  assert.deepEqual(await shown([], 'another may need it'), [`${kept}: another may need it`])
  // Another release in the same cluster may need the former policy.
  assert.deepEqual(await shown([entry('b', 'c1')]), [])
})
