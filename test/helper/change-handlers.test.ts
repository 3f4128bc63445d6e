import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createObservedCluster } from '../../src/helper/cluster/observed-cluster.ts'
import { type ChangeHandlersOptions, createChangeHandlers } from '../../src/helper/writes/change-handlers.ts'
import type { NamespaceView, SecretView, ServiceAccountView } from '../../src/installation/object-views.ts'
import { createFakeClock } from '../kube/fake-clock.ts'

const NAMESPACE: NamespaceView = {
  name: 'shop',
  uid: 'u',
  resourceVersion: '1',
  labels: {},
  optedOut: false,
  terminating: false,
}
const SECRET: SecretView = {
  uid: 's',
  resourceVersion: '1',
  ours: true,
  intact: true,
  labelled: true,
  hash: 'ours',
  registries: ['a'],
  expiresAt: 2,
  note: '',
  otherManager: undefined,
}
const account = (name: string, list: readonly string[] = []): ServiceAccountView => {
  return { namespace: 'shop', name, uid: name, resourceVersion: '1', list, owner: undefined, optedOut: false }
}

interface Settings {
  readonly synced?: boolean
  readonly adopt?: boolean
  readonly isLeader?: boolean
  /** The hash of the content that this replica writes. Undefined if it has no content. */
  readonly hash?: string | undefined
}

/**
 * Creates the handlers for a cluster with one namespace and two ServiceAccounts. Records in order
 * what the handlers did.
 */
function open({ synced = true, adopt = false, isLeader = true, hash }: Settings = {}) {
  const did: string[] = []
  const accounts = new Map([account('web'), account('db')].map((one) => [`shop/${one.name}`, one]))
  const caches = {
    synced,
    namespaces: new Map([['shop', NAMESPACE]]),
    secrets: new Map(),
    serviceAccounts: accounts,
    unreadable: () => false,
  } as unknown as ChangeHandlersOptions['caches']
  const observed = createObservedCluster(caches, 'acr-nopass')
  for (const [key, one] of accounts) observed.noteServiceAccount(key, one, undefined, 0)
  const note = (what: string) => (key?: string) => void did.push(key === undefined ? what : `${what} ${key}`)
  const handlers = createChangeHandlers({
    config: { secretName: 'acr-nopass', adopt, release: { namespace: 'home' } } as ChangeHandlersOptions['config'],
    targets: { registriesOf: () => ['a'] } as unknown as ChangeHandlersOptions['targets'],
    groups: {
      of: () => hash && { hash },
      own: () => undefined,
    } as unknown as ChangeHandlersOptions['groups'],
    clock: createFakeClock(),
    caches,
    observed,
    observer: {
      changed: note('changed'),
      appeared: note('appeared'),
      lost: note('lost'),
      problem: note('problem'),
    } as unknown as ChangeHandlersOptions['observer'],
    isLeader: () => isLeader,
    queueNow: note('plan'),
  })
  return { ...handlers, did }
}
const ALL = ['plan shop', 'plan shop/web', 'plan shop/db']

test('a change of a namespace plans its Secret and its ServiceAccounts, and the time to serve a new namespace is measured', () => {
  const { onNamespace, did } = open()
  onNamespace('shop', NAMESPACE, undefined)
  assert.deepEqual(did.splice(0), ['changed', 'appeared shop', ...ALL])
  onNamespace('shop', { ...NAMESPACE, optedOut: true }, NAMESPACE)
  assert.deepEqual(did.splice(0), ['changed', ...ALL])
  onNamespace('shop', undefined, NAMESPACE)
  assert.deepEqual(did, ['changed', 'plan shop'])
})

test('a Secret that becomes ours, or is no longer ours, plans the references too, unless foreign Secrets are adopted', () => {
  const foreign = { ...SECRET, ours: false }
  for (const [current, previous, adopt, expected] of [
    [SECRET, undefined, false, ['changed', ...ALL]],
    [SECRET, foreign, false, ['changed', ...ALL]],
    [foreign, SECRET, false, ['changed', 'lost shop', ...ALL]],
    [SECRET, SECRET, false, ['changed', 'plan shop']],
    [foreign, { ...foreign, hash: 'x' }, false, ['changed', 'plan shop']],
    [SECRET, foreign, true, ['changed', 'plan shop']],
    [undefined, SECRET, true, ['changed', 'lost shop', 'plan shop']],
  ] as const) {
    const { onSecret, did } = open({ adopt })
    onSecret('shop/acr-nopass', current, previous)
    assert.deepEqual(did, expected)
  }
})

test('a Secret counts as lost if another writer replaced the content of this leader, but not before the leader has a content', () => {
  const other = { ...SECRET, hash: 'other' }
  for (const [settings, current, previous, lost] of [
    [{ hash: 'ours' }, other, SECRET, true],
    [{ hash: 'ours' }, SECRET, other, false],
    [{ hash: 'ours', isLeader: false }, other, SECRET, false],
    [{ hash: undefined }, other, SECRET, false],
    [{ hash: undefined }, other, { ...SECRET, hash: undefined }, false],
    [{ hash: undefined }, { ...SECRET, intact: false }, SECRET, true],
  ] as const) {
    const { onSecret, did } = open(settings)
    onSecret('shop/acr-nopass', current, previous)
    assert.equal(did.includes('lost shop'), lost, `${JSON.stringify(settings)} ${previous.hash} → ${current.hash}`)
  }
})

test('a change of a ServiceAccount plans its list, and a removed entry also plans the Secret, which may be emptied now', () => {
  const [without, attached] = [account('web'), account('web', ['acr-nopass'])]
  const key = 'shop/web'
  for (const [current, previous, expected] of [
    [without, undefined, ['changed', `appeared ${key}`, `plan ${key}`]],
    [attached, without, ['changed', `plan ${key}`]],
    [attached, attached, ['changed', `plan ${key}`]],
    [without, without, ['changed', `plan ${key}`]],
    [without, attached, ['changed', `lost ${key}`, `plan ${key}`, 'plan shop']],
    [undefined, attached, ['changed', `plan ${key}`, 'plan shop']],
  ] as const) {
    const { onServiceAccount, did } = open()
    onServiceAccount(key, current, previous)
    assert.deepEqual(did, expected)
  }
})

test('a namespace that cannot be read is reported, and planned again', () => {
  const { onRefused, did } = open()
  onRefused('shop')
  assert.deepEqual(did, ['problem shop', 'plan shop'])
})

test('before the caches are complete nothing is planned, and a change is only noted', () => {
  const { onNamespace, onSecret, onServiceAccount, onRefused, did } = open({ synced: false })
  onNamespace('shop', NAMESPACE, undefined)
  onSecret('shop/acr-nopass', { ...SECRET, intact: false }, SECRET)
  onServiceAccount('shop/web', account('web'), account('web', ['acr-nopass']))
  onRefused('shop')
  assert.deepEqual(did, ['changed', 'changed', 'changed', 'problem shop'])
})
