import assert from 'node:assert/strict'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { describeCluster, folderOfList, singleCluster } from '../../src/rollout/inputs/cluster-entry.ts'
import type { InputName } from '../../src/rollout/inputs/input-table.ts'
import { readInputs } from '../../src/rollout/inputs/read-inputs.ts'
import type { ClusterEntry } from '../../src/values/generated/clusters.ts'

type Given = Partial<Record<InputName, string>>

const inputsOf = (given: Given) => readInputs((name) => given[name])
const single = (given: Given) => singleCluster(inputsOf(given))
const ACK = { 'ack-cluster-id': 'c0123456789', region: 'cn-hangzhou' } as const
const CONFIG = 'apiVersion: v1\nkind: Config\n'

test('the inputs for one cluster become an entry of a list', () => {
  assert.deepEqual(single(ACK), {
    name: 'c0123456789',
    wave: 0,
    valuesFiles: [],
    coexist: false,
    ack: { clusterId: 'c0123456789', region: 'cn-hangzhou', privateEndpoint: false },
  })
  const more = { ...ACK, name: 'prod', coexist: 'true', 'worker-roles': 'one, two', 'private-endpoint': 'true' }
  assert.deepEqual(single(more), {
    name: 'prod',
    wave: 0,
    valuesFiles: [],
    coexist: true,
    workerRoles: ['one', 'two'],
    ack: { clusterId: 'c0123456789', region: 'cn-hangzhou', privateEndpoint: true },
  })
  assert.deepEqual(single({ kubeconfig: 'k' }), {
    name: 'cluster',
    wave: 0,
    valuesFiles: [],
    coexist: false,
    kubeconfig: { file: 'k' },
  })
  assert.deepEqual(single({ kubeconfig: 'k', 'kube-context': 'admin' }).kubeconfig, { file: 'k', context: 'admin' })
})

test('without a cluster nothing but a validation runs, and the kubeconfig of the machine is never used', () => {
  assert.throws(() => single({}), {
    code: 'INPUT_MISSING',
    message: 'no cluster is given',
    hint: /`clusters` or `clusters-file`.*The ambient kubeconfig is never used\.$/,
  })
  assert.deepEqual(single({ mode: 'validate' }).kubeconfig, { file: '' })
  assert.throws(() => single({ 'ack-cluster-id': 'c0123456789' }), {
    code: 'INPUT_MISSING',
    message: 'ack-cluster-id needs region',
    hint: /`region`/,
  })
})

test('the input that gives a name which is not allowed is named', () => {
  assert.throws(() => single({ ...ACK, name: 'Prod' }), { message: /^name: "Prod" is not the name of a cluster$/ })
  assert.throws(() => single({ ...ACK, 'ack-cluster-id': 'C_1' }), { message: /^ack-cluster-id: "C_1" is not / })
  assert.equal(single({ ...ACK, name: 'a'.repeat(63) }).name.length, 63)
  assert.throws(() => single({ ...ACK, name: 'a'.repeat(64) }), { hint: /at most 63 of them/ })
})

interface Scene {
  readonly entry?: Partial<ClusterEntry>
  readonly given?: Given
  readonly environment?: NodeJS.ProcessEnv
  readonly isSelected?: boolean
}

function describe({ entry, given = {}, environment = {}, isSelected = true }: Scene) {
  const whole = { name: 'a', wave: 0, valuesFiles: [], coexist: false, ...entry } as ClusterEntry
  const deps = { environment, workingDirectory: '/checkout' }
  return describeCluster(whole, [], isSelected, inputsOf({ clusters: '-', ...given }), deps)
}
const ofFile = (file: string, more: Scene = {}) =>
  describe({ ...more, entry: { kubeconfig: { file } } as never }).access
const ofVariable = (text: string | undefined, more: Scene = {}) =>
  describe({
    ...more,
    environment: text === undefined ? {} : { KUBE: text },
    entry: { kubeconfig: { env: 'KUBE', context: 'x' } } as never,
  }).access

test('an entry has the release of the inputs unless it has its own, and knows no roles and no identity', () => {
  const layers = [{ name: 'v', text: '', source: { name: 'v', text: '' } }]
  const entry = {
    name: 'a',
    wave: 2,
    valuesFiles: ['x'],
    values: {},
    coexist: true,
    kubeconfig: { file: 'k' },
  } as never
  const deps = { environment: {}, workingDirectory: '/checkout' }
  assert.deepEqual(describeCluster(entry, layers, true, inputsOf({ clusters: '-', namespace: 'ns' }), deps), {
    release: 'acr-nopass',
    namespace: 'ns',
    workerRoles: [],
    expect: {},
    name: 'a',
    wave: 2,
    coexist: true,
    access: { kind: 'kubeconfig-file', file: '/checkout/k', context: undefined },
    layers,
  })
  const own = describe({
    entry: { release: 'r', namespace: 'n', workerRoles: ['w'], kubeconfig: { file: 'k' } } as never,
  })
  assert.deepEqual([own.release, own.namespace, own.workerRoles], ['r', 'n', ['w']])
})

test('an entry of ACK is reached through ACK, whatever else is given', () => {
  const ack = { clusterId: 'c1', region: 'cn-hangzhou', privateEndpoint: true }
  assert.deepEqual(describe({ entry: { ack } }).access, { kind: 'ack', ...ack })
})

test('a kubeconfig in a variable is taken as it is', () => {
  for (const text of [CONFIG, ' {"apiVersion":"v1"}', 'users: []']) {
    assert.deepEqual(ofVariable(text), { kind: 'kubeconfig-text', text, from: 'KUBE', context: 'x' })
  }
})

test('a variable without a kubeconfig stops whatever connects with it, and nothing else', () => {
  const empty = { kind: 'kubeconfig-text', text: '', from: 'KUBE', context: 'x' }
  for (const [text, state] of [
    [undefined, 'is not set'],
    ['', 'is empty'],
    [' \n', 'is empty'],
  ] as const) {
    assert.throws(() => ofVariable(text), { code: 'KUBECONFIG_MISSING', message: `the variable KUBE ${state}` })
    assert.deepEqual(ofVariable(text, { given: { mode: 'validate' } }), empty)
    assert.deepEqual(ofVariable(text, { isSelected: false }), empty)
  }
  assert.deepEqual(ofVariable(CONFIG, { isSelected: false }), empty)
  assert.throws(() => ofVariable('YXBp', { given: { mode: 'validate' } }), {
    code: 'KUBECONFIG_INVALID',
    message: 'the variable KUBE holds no kubeconfig',
    hint: /decode a Base64 text first \(`base64 -d`\)/,
    place: { cluster: 'a' },
  })
})

test('a kubeconfig is told from the path of one', () => {
  const texts = [CONFIG, '{"users":[]}', '\n  {"users":[]}', '# mine\n\nusers: []\n', 'current-context: x\n']
  for (const text of texts) {
    assert.deepEqual(ofFile(text), { kind: 'kubeconfig-text', text, from: 'kubeconfig', context: undefined })
  }
  for (const path of ['kube/config', 'apiVersion: v1', 'kind', 'two\nlines of any kind']) {
    assert.deepEqual(ofFile(path), { kind: 'kubeconfig-file', file: join('/checkout', path), context: undefined })
  }
  assert.equal(ofFile('x'.repeat(1024)).kind, 'kubeconfig-file')
  assert.throws(() => ofFile('x'.repeat(1025)), {
    code: 'KUBECONFIG_INVALID',
    message: '`kubeconfig` is neither a kubeconfig nor the path of one',
    hint: /^Give the YAML or JSON itself/,
    place: { cluster: 'a' },
  })
  const home = { kind: 'kubeconfig-file', file: join(homedir(), '.kube/config'), context: undefined }
  assert.deepEqual(ofFile('~/.kube/config'), home)
})

test('the paths of a list start in the folder of its file', () => {
  const folderOf = (file: string) => folderOfList(inputsOf({ 'clusters-file': file }))
  assert.deepEqual(['lists/prod.yaml', 'prod.yaml', '/etc/prod.yaml', '-', ''].map(folderOf), [
    'lists',
    '.',
    '/etc',
    '',
    '',
  ])
  const given = { clusters: '', 'clusters-file': 'lists/prod.yaml' }
  assert.deepEqual(ofFile('k', { given }), { kind: 'kubeconfig-file', file: '/checkout/lists/k', context: undefined })
  assert.deepEqual(ofFile('/k', { given }), { kind: 'kubeconfig-file', file: '/k', context: undefined })
})

test("the job's provider is used for a deploy role of the same account only", () => {
  const PROVIDER = 'acs:ram::1001:oidc-provider/github'
  const provider = (entry: Partial<ClusterEntry>, given: Given = { 'oidc-provider-arn': PROVIDER }) =>
    describe({ entry: { kubeconfig: { file: 'k' } as never, ...entry }, given }).oidcProviderArn
  assert.equal(provider({ deployRole: 'acs:ram::1001:role/d' }), PROVIDER)
  assert.equal(provider({ deployRole: 'acs:ram::1002:role/d' }), undefined)
  assert.equal(provider({ deployRole: 'acs:ram::1001:role/d' }, {}), undefined)
  assert.equal(provider({}), undefined)
  const own = 'acs:ram::1002:oidc-provider/own'
  assert.equal(provider({ deployRole: 'acs:ram::1002:role/d', oidcProviderArn: own }), own)
})
