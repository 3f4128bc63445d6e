import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RamChange } from '../../src/alibaba/ram.ts'
import { NopassError } from '../../src/errors.ts'
import type { Statement } from '../../src/policy/normal-form.ts'
import type { SharedTarget } from '../../src/policy/policy-targets.ts'
import { ownDescription } from '../../src/policy/ram-names.ts'
import { rrsaStatement } from '../../src/policy/trust-document.ts'
import { newRun } from '../../src/rollout/cluster/cluster-run.ts'
import type { ClusterResult } from '../../src/rollout/cluster-result.ts'
import { widenPolicies } from '../../src/rollout/ram/cluster-policy.ts'
import { narrowPolicies, removePolicies } from '../../src/rollout/ram/narrow-policies.ts'

type Context = Parameters<typeof removePolicies>[2]

const signal = new AbortController().signal
/** The history is unchanged: no other deployer did anything. */
const read = async () => []
const statement: Statement = { Effect: 'Allow', Action: ['cr:PullRepository'], Resource: ['a'] }
const document = { Version: '1', Statement: [statement] }
const result = (name: string, status: ClusterResult['status']): ClusterResult =>
  ({ name, status, phase: 'verify', notes: [] }) as unknown as ClusterResult
const shared = (clusters: readonly string[], changes: Partial<SharedTarget['target']> = {}): SharedTarget => ({
  clusters,
  accountId: '1',
  target: { policyName: 'p', document, purpose: 'test', roles: ['nodes'], adopt: false, phase: 'widen', ...changes },
})

/** `calls` are the changes that were requested from RAM. */
function openContext(
  ram: Readonly<Record<string, (...args: never[]) => unknown>>,
  names: readonly string[],
  unknown: readonly string[] = [],
) {
  const calls: string[] = []
  const recording: Record<string, unknown> = {}
  for (const [key, work] of Object.entries(ram)) {
    recording[key] = async (...args: unknown[]) => {
      if (!/^(get|list)/.test(key)) calls.push(key)
      return work(...(args as never[]))
    }
  }
  const context = {
    settings: { clusters: [], inputs: {}, selected: [] },
    prepared: names.map((name) => ({ name, ram: 'worker-role', settings: {} })),
    cloud: { ram: () => recording },
    ramList: async () => ({ clusters: [], unknown: new Map(unknown.map((name) => [name, new Error()])) }),
    ramLock: (_keys: unknown, work: () => unknown) => work(),
    report: () => undefined,
  } as unknown as Context
  return { context, calls }
}

const WIDER = JSON.stringify({ Version: '1', Statement: [{ ...statement, Resource: ['a', 'b'] }] })
const policy = { name: 'p', description: 'Managed by acr-nopass', document: JSON.stringify(document) }
const entities = { roles: ['nodes'], users: [], groups: [] }
const ram = { getPolicy: () => policy, listRolePolicies: () => [], listPolicyEntities: () => entities }

test('ram-cleanup keeps a shared policy while the other users of the role are unknown', async () => {
  const { context, calls } = openContext(ram, ['a', 'b'], ['c'])
  const results = [result('a', 'uninstalled'), result('b', 'uninstalled')]
  const target = shared(['a', 'b'], { members: ['a', 'b'] })
  const [first] = await removePolicies(
    results,
    new Map([
      ['a', [target]],
      ['b', [target]],
    ]),
    context,
    read,
    signal,
  )
  assert.deepEqual([first?.notes, calls], [['RAM: kept policy p: the worker roles of c are unknown'], []])
})

test('P15 a shared policy stays if another acr-nopass is left in one of the uninstalled clusters', async () => {
  const { context, calls } = openContext(ram, ['a', 'b'])
  const target = shared(['a', 'b'], { members: ['a', 'b'] })
  // Nothing was found to remove for b, because another release is in its cluster.
  const results = [result('a', 'uninstalled'), result('b', 'uninstalled')]
  const removed = await removePolicies(results, new Map([['a', [target]]]), context, read, signal)
  assert.deepEqual([removed.map(({ notes }) => notes), calls], [[['RAM: kept policy p: b may still need it'], []], []])
})

test('a policy that two self-built clusters share is removed by an uninstall of both', async () => {
  const described = { ...policy, description: ownDescription('clusters a, b', ['kube-a', 'kube-b']) }
  const changes: string[] = []
  let isThere = true
  const { context } = openContext(
    {
      ...ram,
      getPolicy: () => (isThere ? described : undefined),
      listPolicyEntities: () => ({ ...entities, roles: [] }),
      change: (action: string) => {
        changes.push(action)
        isThere = false
      },
    },
    ['a', 'b'],
  )
  // The key of a self-built cluster is known only after connecting to it.
  const own = (key: string) => [shared(['a', 'b'], { members: [key] })]
  const targets = new Map([
    ['a', own('kube-a')],
    ['b', own('kube-b')],
  ])
  await removePolicies([result('a', 'uninstalled'), result('b', 'uninstalled')], targets, context, read, signal)
  assert.deepEqual(changes, ['DeletePolicy'])
})

test('a policy is not narrowed if the deployer cannot see whether another acr-nopass is in the cluster', async () => {
  const { context, calls } = openContext({ ...ram, getPolicy: () => ({ ...policy, document: WIDER }) }, ['a'])
  const rolled = new Map([['a', { targets: [shared(['a'])], verified: true, former: [], key: 'k', alone: false }]])
  const [unseen] = await narrowPolicies([result('a', 'deployed')], rolled, context, read, signal)
  const why = 'another acr-nopass may be installed in a and need it'
  assert.deepEqual([unseen?.notes, calls], [[`RAM: policy p not narrowed: ${why}`], []])
})

test('nothing of RAM is changed for a cluster whose rollout did not end well, or that the run did not prepare', async () => {
  const rolledOut = async (status: ClusterResult['status'], prepared: readonly string[]) => {
    const wide = { ...policy, document: WIDER }
    const { context, calls } = openContext({ ...ram, getPolicy: () => wide, change: () => undefined }, prepared)
    const rolled = new Map([['a', { targets: [shared(['a'])], former: [], alone: true, revision: undefined }]])
    const results = [result('a', status)]
    const narrowed = await narrowPolicies(results, rolled as never, context, read, signal)
    if (calls.length === 0) assert.deepEqual(narrowed, results)
    return calls
  }
  for (const status of ['failed', 'cancelled', 'skipped'] as const)
    assert.deepEqual(await rolledOut(status, ['a']), [], status)
  assert.deepEqual(await rolledOut('deployed', ['b']), [])
  assert.notDeepEqual(await rolledOut('deployed', ['a']), [])
})

test('the trust of a role that two clusters of the run use is not narrowed to one of them', async () => {
  const trustOf = (cluster: string) =>
    rrsaStatement({
      oidcProviderArn: `acs:ram::1:oidc-provider/${cluster}`,
      issuer: `https://${cluster}`,
      namespace: 'n',
      serviceAccount: 's',
    })
  const trust = JSON.stringify({ Version: '1', Statement: [trustOf('a'), trustOf('b')] })
  const role = { name: 'acr-nopass-a', description: 'Managed by acr-nopass', trust }
  const { context, calls } = openContext(
    { ...ram, getRole: () => role, listRolePolicies: () => [{ name: 'p', custom: true }] },
    ['a', 'b'],
  )
  const targetOf = (cluster: string, create: boolean): SharedTarget =>
    shared([cluster], { roles: [], trust: { role: 'acr-nopass-a', statements: [trustOf(cluster)], create } })
  const rolled = new Map([
    ['a', { targets: [targetOf('a', true)], verified: true, former: [], key: 'k' } as never],
    ['b', { targets: [targetOf('b', false)], verified: true, former: [], key: 'k' } as never],
  ])
  const [first] = await narrowPolicies(
    [result('a', 'deployed'), result('b', 'deployed')],
    rolled,
    context,
    read,
    signal,
  )
  assert.deepEqual([first?.notes, calls], [['RAM: policy p not narrowed: b use role acr-nopass-a too'], []])
})

test('an error of RAM after some steps names these steps, and the steps of earlier targets', async () => {
  const attached = new Map<string, readonly object[]>()
  const made = new Set<string>()
  const { context } = openContext(
    {
      getPolicy: (name: string) => (made.has(name) ? { ...policy, name } : undefined),
      listRolePolicies: (role: string) => attached.get(role) ?? [],
      change: (action: string, { PolicyName: name, RoleName: role }: Record<string, string>) => {
        if (action === 'CreatePolicy') return made.add(String(name))
        if (name === 'q') throw new NopassError('CLOUD_DENIED', 'no right to attach')
        return attached.set(String(role), [{ name, custom: true }])
      },
    },
    ['a'],
  )
  const notes: string[] = []
  const run = newRun()
  const targets = [shared(['a']), shared(['a'], { policyName: 'q', roles: ['others'] })]
  await assert.rejects(
    widenPolicies({ cluster: { settings: {} } as never, context, run, signal }, targets, (line) => notes.push(line)),
    {
      code: 'CLOUD_DENIED',
      message: 'no right to attach (done before: create policy q)',
    },
  )
  assert.deepEqual(notes, ['RAM: create policy p', 'RAM: attach policy p to role nodes', 'RAM: create policy q'])
  assert.equal(run.ramChanged, true)
})

const REVISION = { revision: 3, status: 'deployed', updated: '2026-11-30T10:00:00Z' } as const
const LATER = '2026-11-30T10:05:00Z'
const RIVAL = { ...REVISION, revision: 4 } as const

/**
 * RAM with one policy that is wider than needed. Records every request to RAM or for a cluster's
 * history, in order.
 */
function widerPolicy() {
  const order: string[] = []
  const wide = { ...policy, document: WIDER }
  let current = wide
  const { context } = openContext(
    {
      ...ram,
      getPolicy: (name: string) => (name === 'p' ? current : undefined),
      listRolePolicies: () => [{ name: 'p', custom: true }],
      change: (action: string, { PolicyDocument }: Record<string, string>) => {
        order.push(action)
        if (PolicyDocument !== undefined) current = { ...wide, document: PolicyDocument }
      },
    },
    ['a', 'b'],
  )
  return { context, order }
}

/** Clusters whose revision 3 was verified. */
const rolledOf = (...names: readonly string[]) =>
  new Map(
    names.map((name) => [
      name,
      { targets: [shared(names)], verified: true, former: [], key: name, alone: true, revision: REVISION },
    ]),
  )

test('the history of every cluster of a policy is read right before the policy is narrowed', async () => {
  const { context, order } = widerPolicy()
  const history = async (name: string) => {
    order.push(`history of ${name}`)
    return [REVISION]
  }
  const results = [result('a', 'deployed'), result('b', 'unchanged')]
  const [first] = await narrowPolicies(results, rolledOf('a', 'b'), context, history, signal)
  assert.deepEqual(first?.notes, ['RAM: update policy p'])
  assert.deepEqual(order, ['history of a', 'history of b', 'CreatePolicyVersion'])
})

for (const [title, history, why] of [
  [
    'made a newer revision',
    [REVISION, RIVAL],
    'another deployer made revision 4 (deployed) in b after this run verified revision 3',
  ],
  [
    'is at work',
    [REVISION, { ...RIVAL, status: 'pending-upgrade' }],
    'another deployer made revision 4 (pending-upgrade) in b after this run verified revision 3',
  ],
  [
    'rolled back',
    [{ ...REVISION, status: 'superseded' }],
    'another deployer made revision 3 (superseded) in b after this run verified revision 3',
  ],
  ['uninstalled the release', [], 'another deployer uninstalled the release in b after this run verified revision 3'],
  [
    'installed the release again',
    [{ ...REVISION, updated: LATER }],
    'another deployer made revision 3 (deployed) in b after this run verified revision 3',
  ],
  [
    'cannot be excluded',
    new NopassError('KUBE_CONNECTION', 'no route'),
    'acr-nopass could not read whether another deployer has changed the release in b (KUBE_CONNECTION: no route)',
  ],
] as const) {
  test(`a policy is not narrowed when another deployer ${title} after the verification, and the note says why`, async () => {
    const { context, order } = widerPolicy()
    const reread = async (name: string) => {
      if (name === 'a') return [REVISION]
      if (history instanceof NopassError) throw history
      return history
    }
    const results = [result('a', 'deployed'), result('b', 'deployed')]
    const [first] = await narrowPolicies(results, rolledOf('a', 'b'), context, reread, signal)
    assert.deepEqual([first?.status, first?.notes], ['deployed', [`RAM: kept policy p as wide as it is: ${why}`]])
    assert.deepEqual(order, [])
  })
}

test('a policy is neither detached nor deleted if the release was installed again after this run uninstalled it', async () => {
  const { context, order } = widerPolicy()
  const targets = new Map(['a', 'b'].map((name) => [name, [shared(['a', 'b'])]]))
  const results = [result('a', 'uninstalled'), result('b', 'uninstalled')]
  const again = async (name: string) => (name === 'b' ? [{ ...REVISION, revision: 1 }] : [])
  const [kept] = await removePolicies(results, targets, context, again, signal)
  const why = 'another deployer made revision 1 (deployed) in b after this run uninstalled it'
  assert.deepEqual([kept?.notes, order], [[`RAM: kept policy p: ${why}`], []])
  const unread = async (name: string) => {
    if (name === 'a') throw new NopassError('KUBE_CONNECTION', 'no route')
    return []
  }
  const [unknown] = await removePolicies(results, targets, context, unread, signal)
  assert.match(
    unknown?.notes.join() ?? '',
    /^RAM: kept policy p: acr-nopass could not read whether .* in a \(KUBE_CONNECTION: no route\)$/,
  )
  assert.deepEqual(order, [])
})

test('a change is reported and counts even if its response was lost, or if an error followed', async () => {
  const { context, order } = widerPolicy()
  const given = context.cloud.ram({} as never)
  const cut = (by: object) => ({ ...context, cloud: { ram: () => ({ ...given, ...by }) } }) as unknown as typeof context
  const lost = async (action: RamChange[0], parameters: object) => {
    await given.change(action, parameters as never)
    throw new NopassError('CLOUD_UNREACHABLE', 'cut', { reason: 'ECONNRESET' })
  }
  const history = async () => [REVISION]
  const results = [result('a', 'unchanged')]
  const [narrowed] = await narrowPolicies(results, rolledOf('a'), cut({ change: lost }), history, signal)
  assert.deepEqual(
    [narrowed?.status, narrowed?.notes, narrowed?.ramChanged],
    ['unchanged', ['RAM: update policy p'], true],
  )
  assert.deepEqual(order, ['CreatePolicyVersion'])

  const again = widerPolicy().context
  const ram = again.cloud.ram({} as never)
  const denied = async (action: RamChange[0], parameters: object) => {
    if (action === 'DeletePolicy') throw new NopassError('CLOUD_DENIED', 'no right to delete')
    return ram.change(action, parameters as never)
  }
  const withRam = { ...again, cloud: { ram: () => ({ ...ram, change: denied }) } } as unknown as typeof again
  const targets = new Map([['a', [shared(['a'])]]])
  const [failed] = await removePolicies([result('a', 'uninstalled')], targets, withRam, read, signal)
  assert.deepEqual(
    [failed?.status, failed?.notes, failed?.ramChanged, failed?.error?.code],
    ['failed', ['RAM: detach policy p from role nodes'], true, 'CLOUD_DENIED'],
  )
})

/**
 * Returns what a narrowing does to the role `former`, which has the policy `p` and does not need it
 * any more.
 */
async function detaches(more: {
  readonly listed?: readonly object[]
  readonly unknown?: readonly string[]
  readonly rolled?: object
}) {
  const order: string[] = []
  let roles: readonly string[] = ['nodes', 'former']
  const { context } = openContext(
    {
      ...ram,
      getPolicy: (name: string) => (name === 'p' ? policy : undefined),
      listRolePolicies: (role: string) => (roles.includes(role) ? [{ name: 'p', custom: true }] : []),
      listPolicyEntities: () => ({ ...entities, roles }),
      change: (action: string, { RoleName }: Record<string, string>) => {
        order.push(`${action} ${RoleName}`)
        roles = roles.filter((role) => role !== RoleName)
      },
    },
    ['a'],
    more.unknown,
  )
  const settings = {
    ...context.settings,
    clusters: more.listed ?? [{ name: 'a', access: { kind: 'kubeconfig-file' } }],
  }
  const own = { targets: [shared(['a'])], verified: true, former: [], key: 'k', alone: true }
  const rolled = new Map([['a', { ...own, revision: REVISION, ...more.rolled }]])
  const all = { ...context, settings } as unknown as Context
  const [done] = await narrowPolicies([result('a', 'deployed')], rolled as never, all, async () => [REVISION], signal)
  assert.equal(done?.status, 'deployed')
  return order
}

test("after the verification, a role that no longer needs a cluster's own policy loses this policy", async () => {
  assert.deepEqual(await detaches({}), ['DetachPolicyFromRole former'])
})

for (const [title, more] of [
  [
    'a cluster of the list is not verified in this run',
    {
      listed: [
        { name: 'a', access: {} },
        { name: 'b', access: {} },
      ],
    },
  ],
  ['the worker roles of a cluster are unknown', { unknown: ['c'] }],
  ['another acr-nopass may be in the cluster', { rolled: { alone: false } }],
  ['it was not verified', { rolled: { verified: false } }],
  [
    'another release of the list is in the same cluster',
    { listed: ['a', 'a'].map((name) => ({ name, access: { kind: 'ack', clusterId: 'c1' } })) },
  ],
] as const) {
  test(`a role keeps the policy where ${title}`, async () => {
    assert.deepEqual(await detaches(more), [])
  })
}

test('an uninstall keeps a policy that a cluster outside of this run needs too, and the policy of a cluster that failed', async () => {
  const order: string[] = []
  const { context } = openContext(
    {
      ...ram,
      listPolicyVersions: () => [],
      change: (action: string) => order.push(action),
    },
    ['a', 'b'],
  )
  const targets = new Map([
    ['a', [shared(['a', 'other'])]],
    ['b', [shared(['b'], { policyName: 'q' })]],
  ])
  const results = [result('a', 'uninstalled'), result('b', 'failed')]
  const cleaned = await removePolicies(results, targets, context, read, signal)
  assert.deepEqual(
    cleaned.map(({ notes }) => notes),
    [['RAM: kept policy p: other may still need it'], []],
  )
  assert.deepEqual(order, [])
})

/** RAM with policies of ours, each on the role `former`. Records every request that changes RAM. */
function ramWith(policies: Readonly<Record<string, { readonly members?: string }>>) {
  const order: string[] = []
  const roles = new Map(Object.keys(policies).map((name) => [name, ['former']]))
  const gone = new Set<string>()
  const fake = {
    getPolicy: (name: string) => {
      const found = gone.has(name) ? undefined : policies[name]
      if (found === undefined) return undefined
      const description = `Managed by acr-nopass${found.members === undefined ? '' : `. Members: ${found.members}`}`
      return { ...policy, name, description }
    },
    listRolePolicies: (role: string) =>
      [...roles].flatMap(([name, on]) => (on.includes(role) ? [{ name, custom: true }] : [])),
    listPolicyEntities: (name: string) => ({ ...entities, roles: roles.get(name) ?? [] }),
    listPolicyVersions: () => [],
    change: (action: string, { PolicyName: name = '', RoleName: role = '' }: Record<string, string>) => {
      order.push(`${action} ${name}`)
      if (action === 'DetachPolicyFromRole')
        roles.set(
          name,
          (roles.get(name) ?? []).filter((one) => one !== role),
        )
      if (action === 'DeletePolicy') gone.add(name)
    },
  }
  return { fake, order }
}

/**
 * Returns what happens to policies that the clusters `a` and `b` needed before, and which histories
 * were read.
 */
async function formerPolicies(
  former: SharedTarget,
  { members, unknown = [] }: { readonly members?: string; readonly unknown?: readonly string[] } = {},
) {
  const { fake, order } = ramWith({ old: members === undefined ? {} : { members } })
  const { context } = openContext(fake, ['a', 'b'], unknown)
  const rolled = new Map(
    ['a', 'b'].map((name) => [
      name,
      {
        targets: [shared([name], { policyName: `own-${name}`, document: undefined, roles: [] })],
        verified: true,
        former: name === 'a' ? [former] : [],
        key: `key-${name}`,
        alone: true,
        revision: REVISION,
      },
    ]),
  )
  const history = async (name: string) => {
    order.push(`history of ${name}`)
    return [REVISION]
  }
  const results = [result('a', 'deployed'), result('b', 'deployed')]
  const [first] = await narrowPolicies(results, rolled as never, context, history, signal)
  return { order, notes: first?.notes.filter((note) => !note.includes('own-a')) }
}

const FORMER = { policyName: 'old', document: undefined, roles: [], phase: 'narrow' } as const
const HERE = 'policy old on role former, which nothing in this list needs there'

test('a former policy loses its roles once all clusters that may have needed it are verified', async () => {
  const own = await formerPolicies(shared(['a'], FORMER))
  assert.deepEqual(own.order, ['history of a', 'DetachPolicyFromRole old'])
  assert.deepEqual(own.notes, ['RAM: detach policy old from role former'])
  const wasShared = shared(['a'], { ...FORMER, members: ['listed'] })
  const together = await formerPolicies(wasShared, { members: 'key-a key-b' })
  assert.deepEqual(together.order, ['history of a', 'history of b', 'DetachPolicyFromRole old'])
  const foreign = await formerPolicies(wasShared, { members: 'key-a key-z' })
  assert.deepEqual(foreign, { order: [], notes: [`RAM: kept ${HERE}: the cluster key-z of another list may need it`] })
})

test('a former policy keeps its roles while the worker roles of a cluster are unknown', async () => {
  const { order, notes } = await formerPolicies(shared(['a'], FORMER), { unknown: ['c'] })
  assert.deepEqual([order, notes], [[], [`RAM: kept ${HERE}: the worker roles of c are unknown`]])
})

test('a shared policy serves every cluster of the list that names it, and is removed once if none of them needs it', async () => {
  const { fake, order } = ramWith({ p: { members: 'key-a key-b' } })
  const { context } = openContext(fake, ['a', 'b', 'c'])
  const rolled = new Map(
    ['a', 'b'].map((name) => [
      name,
      {
        targets: [shared(['a', 'b'], { document: undefined, roles: [], members: [`key-${name}`] })],
        verified: true,
        former: [],
        key: `key-${name}`,
        alone: true,
        revision: REVISION,
      },
    ]),
  )
  const results = [result('a', 'deployed'), result('b', 'deployed'), result('c', 'unchanged')]
  const all = await narrowPolicies(results, rolled, context, async () => [REVISION], signal)
  assert.deepEqual(order, ['DetachPolicyFromRole p'])
  assert.deepEqual(all[2], results[2])
})

test('a shared policy is removed with the last of its clusters if the worker roles of all other clusters are known', async () => {
  const { fake, order } = ramWith({ p: { members: 'a b' } })
  const { context } = openContext(fake, ['a', 'b'])
  const target = shared(['a', 'b'], { roles: ['former'], members: ['a', 'b'] })
  const targets = new Map(['a', 'b'].map((name) => [name, [target]]))
  await removePolicies([result('a', 'uninstalled'), result('b', 'uninstalled')], targets, context, read, signal)
  assert.deepEqual(order, ['DetachPolicyFromRole p', 'DeletePolicy p'])
})

test('after a failure in the run, nothing is taken from any cluster, and what another run has removed is restored', async () => {
  const { context, order } = widerPolicy()
  const results = [result('a', 'deployed'), result('b', 'failed')]
  const rolled = rolledOf('a')
  const [wide] = await narrowPolicies(results, rolled, context, async () => [REVISION], signal)
  assert.deepEqual([wide, order], [results[0], []])
  const needed = { Version: '1', Statement: [{ ...statement, Resource: ['a', 'b', 'c'] }] }
  const lost = new Map(
    [...rolled].map(([name, one]) => [name, { ...one, targets: [shared([name], { document: needed })] }]),
  )
  const [restored] = await narrowPolicies(results, lost, context, async () => [REVISION], signal)
  assert.deepEqual([restored?.notes, order], [['RAM: update policy p'], ['CreatePolicyVersion']])
})

test('a former policy stays after a failure in the run, and where another entry of the run still names it', async () => {
  const former = async (named: string, status: ClusterResult['status']) => {
    const { fake, order } = ramWith({ old: {} })
    const { context } = openContext(fake, ['a'])
    const own = shared(['a'], { policyName: named, document: undefined, roles: [] })
    const one = { targets: [own], verified: true, former: [shared(['a'], FORMER)], key: 'k', alone: true }
    const rolled = new Map([['a', { ...one, revision: REVISION }]])
    await narrowPolicies(
      [result('a', 'deployed'), result('b', status)],
      rolled,
      context,
      async () => [REVISION],
      signal,
    )
    return order
  }
  assert.deepEqual(await former('own', 'unchanged'), ['DetachPolicyFromRole old'])
  assert.deepEqual(await former('own', 'failed'), [])
  assert.deepEqual(await former('old', 'failed'), [])
})

test('a run that is interrupted changes nothing more in RAM', async () => {
  const { context, order } = widerPolicy()
  const stopped = AbortSignal.abort()
  const deployed = [result('a', 'deployed')]
  assert.deepEqual(await narrowPolicies(deployed, rolledOf('a'), context, async () => [REVISION], stopped), deployed)
  const uninstalled = [result('a', 'uninstalled')]
  const targets = new Map([['a', [shared(['a'])]]])
  assert.deepEqual(await removePolicies(uninstalled, targets, context, read, stopped), uninstalled)
  assert.deepEqual(order, [])
})

test('a removal changes nothing for clusters that the run did not prepare, or that have nothing in RAM', async () => {
  const { context, order } = widerPolicy()
  const results = [result('a', 'uninstalled'), result('z', 'uninstalled')]
  const targets = new Map([
    ['a', []],
    ['z', [shared(['z'])]],
  ])
  assert.deepEqual(await removePolicies(results, targets, context, read, signal), results)
  assert.deepEqual(order, [])
})

test('a trust that a role of the same name in another account has is narrowed; RAM ignores the case of names', async () => {
  const narrowed = async (role: string, accountId: string) => {
    const { context } = openContext({ ...ram, getRole: () => undefined }, ['a', 'b'])
    const trust = (name: string) => ({ role: name, statements: [], create: false })
    const one = { verified: true, former: [], alone: true, revision: REVISION }
    const rolled = new Map([
      ['a', { ...one, key: 'a', targets: [shared(['a'], { roles: [], trust: trust('acr-nopass-a') })] }],
      [
        'b',
        {
          ...one,
          key: 'b',
          targets: [{ ...shared(['b'], { policyName: 'q', roles: [], trust: trust(role) }), accountId }],
        },
      ],
    ])
    const results = [result('a', 'deployed'), result('b', 'deployed')]
    const [first] = await narrowPolicies(results, rolled, context, async () => [REVISION], signal)
    return first?.notes.filter((note) => note.includes('not narrowed'))
  }
  const kept = ['RAM: policy p not narrowed: b use role acr-nopass-a too']
  assert.deepEqual(await narrowed('acr-nopass-a', '1'), kept)
  assert.deepEqual(await narrowed('ACR-NoPass-A', '1'), kept)
  assert.deepEqual(await narrowed('acr-nopass-b', '1'), [])
  assert.deepEqual(await narrowed('acr-nopass-a', '2'), [])
})

test('each note is reported for its cluster as soon as its work on RAM ends, and is added to earlier notes', async () => {
  const { context } = widerPolicy()
  const reported: string[] = []
  const report = (cluster: string, line: string) => void reported.push(`${cluster}: ${line}`)
  const earlier = {
    ...result('a', 'deployed'),
    notes: ['before'],
    ramSteps: [{ do: 'attach' }],
  } as unknown as ClusterResult
  const [done] = await narrowPolicies([earlier], rolledOf('a'), { ...context, report }, async () => [REVISION], signal)
  assert.deepEqual(reported, ['a: RAM: update policy p'])
  assert.deepEqual(
    [done?.notes, done?.ramSteps?.map((step) => step.do)],
    [
      ['before', 'RAM: update policy p'],
      ['attach', 'update-policy'],
    ],
  )
})

test('a policy that the removal has to keep is noted, and an error is one of the phase of the removal', async () => {
  const { context } = widerPolicy()
  const deny = () => {
    throw new NopassError('CLOUD_DENIED', 'no right to read')
  }
  const withRam = { ...context, cloud: { ram: () => ({ ...context.cloud.ram({} as never), getPolicy: deny }) } }
  const targets = new Map([['a', [shared(['a'])]]])
  const [failed] = await removePolicies([result('a', 'uninstalled')], targets, withRam as never, read, signal)
  assert.deepEqual(
    [failed?.status, failed?.phase, failed?.error?.code, failed?.ramChanged],
    ['failed', 'uninstall', 'CLOUD_DENIED', undefined],
  )
  const [narrow] = await narrowPolicies(
    [result('a', 'deployed')],
    rolledOf('a'),
    withRam as never,
    async () => [REVISION],
    signal,
  )
  assert.deepEqual([narrow?.status, narrow?.phase, narrow?.error?.code], ['failed', 'narrow', 'CLOUD_DENIED'])
})
