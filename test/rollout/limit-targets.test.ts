import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SharedTarget } from '../../src/policy/policy-targets.ts'
import { limitTargets, untouchedRoles } from '../../src/rollout/ram/limit-targets.ts'

type Work = Parameters<typeof limitTargets>[0]
type Cluster = Work['cluster']

const options = { scope: 'instance', adopt: false, phase: 'widen' } as const
const PULLER = 'acs:ram::10001:role/puller'

/** A cluster of ACK with a limited entry behind a role. */
function cluster(name: string, changes: object = {}, settings: object = {}): Cluster {
  const entry = {
    name: 'team',
    edition: 'enterprise',
    instanceId: 'cri-1',
    region: 'cn-hangzhou',
    repositories: [`${name}/*`],
    limit: 'repositories',
    assumeRole: [{ roleArn: PULLER, durationSeconds: 3600 }],
  }
  return {
    name,
    ram: 'worker-role',
    values: { identity: { type: 'worker-role' }, registries: [entry] },
    settings: { access: { kind: 'ack', clusterId: `c-${name}` }, ...settings },
    ...changes,
  } as unknown as Cluster
}
const workOn = (own: Cluster, ...others: readonly Cluster[]): Work =>
  ({ cluster: own, context: { prepared: [own, ...others] } }) as unknown as Work
const identity = (roles: readonly string[], role?: string): SharedTarget => ({
  clusters: ['a'],
  accountId: '10001',
  target: {
    policyName: 'acr-nopass-c-a',
    document: undefined,
    purpose: 'cluster a',
    roles,
    ...(role !== undefined && { trust: { role, statements: [], create: true } }),
    adopt: false,
    phase: 'widen',
  },
})
const find = (work: Work, ...own: readonly SharedTarget[]) => limitTargets(work, 'key', own, options)
const callers = (targets: readonly SharedTarget[]): unknown =>
  targets.flatMap(({ target }) => target.trust?.statements.map(({ Principal }) => Principal))

test('P13 the roles of all nodes may assume the role of a limited entry, each once', () => {
  const found = find(workOn(cluster('a')), identity(['Nodes', 'gpu']), identity(['gpu', 'eci']))
  assert.deepEqual(callers(found), [
    { RAM: ['acs:ram::10001:role/eci'] },
    { RAM: ['acs:ram::10001:role/gpu'] },
    { RAM: ['acs:ram::10001:role/nodes'] },
  ])
})

test('P13 with RRSA the helper’s own role may assume it: the role in the values, or the one that is made', () => {
  const rrsa = (identity: object): Work => {
    const base = cluster('a')
    return workOn({ ...base, ram: 'rrsa', values: { ...base.values, identity } } as unknown as Cluster)
  }
  const made = find(rrsa({ type: 'rrsa', rrsa: {} }), identity([], 'acr-nopass-c-a'))
  assert.deepEqual(callers(made), [{ RAM: ['acs:ram::10001:role/acr-nopass-c-a'] }])
  const roleArn = 'acs:ram::10002:role/theirs'
  const given = find(rrsa({ type: 'rrsa', rrsa: { roleArn } }), identity([], 'theirs'))
  assert.deepEqual(callers(given), [{ RAM: [roleArn] }])
  // A role that another identity left in the values is not used.
  const left = find(rrsa({ type: 'worker-role', rrsa: { roleArn } }), identity(['nodes']))
  assert.deepEqual(callers(left), [{ RAM: ['acs:ram::10001:role/nodes'] }])
})

test('P9 clusters of the same account are recorded by their key, and others only once they are reached', () => {
  const shown = find(
    workOn(
      cluster('a', {}, { access: { kind: 'kubeconfig-file' } }),
      cluster('same'),
      cluster('none', { ram: 'none' }),
      cluster('built', {}, { access: { kind: 'kubeconfig-file' } }),
      cluster('deployed', {}, { deployRole: 'acs:ram::10003:role/deploy' }),
      cluster('foreign', { values: undefined }),
    ),
    identity(['nodes']),
  )
  assert.deepEqual(
    shown.map(({ clusters, target }) => [clusters, target.members]),
    [
      [
        ['a', 'same', 'none', 'built', 'deployed'],
        ['key', 'c-same'],
      ],
    ],
  )
})

test('without limited entries, values of our own, or RAM, there is no such role', () => {
  const own = cluster('a')
  const [entry] = own.values?.registries ?? []
  const open = { ...own, values: { ...own.values, registries: [{ ...entry, limit: 'role' }] } } as unknown as Cluster
  assert.deepEqual(find(workOn(open), identity(['nodes'])), [])
  assert.deepEqual(find(workOn(cluster('a', { values: undefined })), identity(['nodes'])), [])
  assert.deepEqual(find(workOn(own)), [])
  assert.deepEqual(untouchedRoles(workOn(open), undefined), [])
  assert.deepEqual(untouchedRoles(workOn(cluster('a', { values: undefined })), '10001'), [])
})

test('roles that a run does not change are named, with the reason', () => {
  const work = workOn(cluster('a'))
  assert.deepEqual(untouchedRoles(work, '10001'), [])
  const end = '`acr-nopass policy` prints it'
  assert.deepEqual(untouchedRoles(work, '10002'), [
    `RAM: role ${PULLER} not changed, because it belongs to another account: ${end}`,
  ])
  assert.deepEqual(untouchedRoles(work, undefined), [`RAM: role ${PULLER} not changed, because you manage it: ${end}`])
})
