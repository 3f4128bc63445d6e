import assert from 'node:assert/strict'
import { test } from 'node:test'
import { judgePod, problemOfPod } from '../../src/helper/pods/judge-pod.ts'
import { type PodView, viewPod } from '../../src/helper/pods/pod-view.ts'
import type { PodObject } from '../../src/kube/types.ts'
import { account, config, context, type Fixture, group, live, namespace, secret } from './plan-fixtures.ts'
import { IMAGE, pod, REPLICASET } from './pod-fixtures.ts'

const token = live('prod')
const current = { shop: secret(group(token)) }
const verdict = (one: PodView, fixture: Fixture, domain = 'prod.example.com') => {
  const around = context({ secrets: current, accounts: [account(['acr-nopass'])], ...fixture })
  const finding = judgePod(one, around, () => [domain])
  return finding ? `${finding.why}${finding.evictable ? ', evictable' : ''}` : 'none'
}
const owned = (apiVersion: string, kind: string) => ({ owner: { ...REPLICASET, apiVersion, kind } })

test('a Pod is judged by its list, images and owner, and by what its replacement would get', () => {
  const others = config({
    targets: {
      namespaces: { include: ['*'], exclude: [], selector: {} },
      serviceAccounts: { include: ['ci'], exclude: [] },
    },
  })
  const system = {
    config: config({
      targets: {
        namespaces: { include: ['*'], exclude: [], selector: {} },
        serviceAccounts: { include: ['*'], exclude: [] },
      },
    }),
    namespaces: [namespace('kube-system')],
    secrets: { 'kube-system': current.shop },
    accounts: [account(['acr-nopass'], { namespace: 'kube-system' })],
  }
  /** The helper's own namespace, whose Secret is current. */
  const own = (config: NonNullable<Fixture['config']>): Fixture => {
    const more = { config, namespaces: [namespace('home')], accounts: [account(['acr-nopass'], { namespace: 'home' })] }
    const copy = context(more).groups.own()
    assert.ok(copy)
    return { ...more, secrets: { home: secret(copy) } }
  }
  const elsewhere = config({
    targets: {
      namespaces: { include: ['shop'], exclude: [], selector: {} },
      serviceAccounts: { include: ['*'], exclude: [] },
    },
  })
  const table: [string, Partial<PodView>, Fixture, string, string?][] = [
    ['admitted too early', {}, {}, 'too-old, evictable'],
    ['of a StatefulSet', owned('apps/v1', 'StatefulSet'), {}, 'too-old, evictable'],
    ['of a DaemonSet', owned('apps/v1', 'DaemonSet'), {}, 'too-old, evictable'],
    ['with another container that runs', { isWorking: true }, {}, 'too-old'],
    ['of a Job', owned('batch/v1', 'Job'), {}, 'too-old'],
    ['of a kind of another group', owned('example.com/v1', 'ReplicaSet'), {}, 'too-old'],
    ['without an owner', { owner: undefined }, {}, 'too-old'],
    ['in a system namespace', { namespace: 'kube-system' }, system, 'too-old'],
    ['a static Pod', { mirror: true }, {}, 'none'],
    ['has the entry', { list: ['own', 'acr-nopass'] }, {}, 'none'],
    ['has started', { pending: false }, {}, 'none'],
    ['is being deleted', { terminating: true }, {}, 'none'],
    ['waits for something else', { failing: [] }, {}, 'none'],
    ['another registry', { failing: ['other.example.com/team/app:1'] }, {}, 'none'],
    ['our registry after another', { failing: ['nginx', IMAGE] }, {}, 'too-old, evictable'],
    ['a domain with a path', {}, {}, 'too-old, evictable', 'prod.example.com/team'],
    ['another path', {}, {}, 'none', 'prod.example.com/others'],
    ['no current Secret', {}, { secrets: {} }, 'none'],
    ['opted out', { optedOut: true }, {}, 'none'],
    ['ServiceAccount opted out', {}, { accounts: [account([], { optedOut: true })] }, 'none'],
    ['ServiceAccount not targeted', {}, { config: others }, 'none'],
    ['the Secret of another', {}, { secrets: { shop: secret(group(token), { ours: false }) } }, 'none'],
    ['namespace opted out', {}, { namespaces: [namespace('shop', { optedOut: true })] }, 'none'],
    ['namespace unknown', {}, { namespaces: [] }, 'none'],
    [
      'in the own namespace of the helper, which is no target: its Secret is only the copy of the helper',
      { namespace: 'home' },
      own(elsewhere),
      'none',
    ],
    [
      'in the own namespace of the helper, which is a target',
      { namespace: 'home' },
      own(config()),
      'too-old, evictable',
    ],
    ['retiring', {}, { config: config({ retire: true }) }, 'none'],
    ['ServiceAccount without the entry', {}, { accounts: [account(['own'])] }, 'account'],
    ['ServiceAccount deleted', {}, { accounts: [] }, 'account'],
    [
      'the old list of its ServiceAccount',
      { list: ['own'] },
      { accounts: [account(['own', 'acr-nopass'])] },
      'too-old, evictable',
    ],
    ['its own list', { list: ['own'] }, {}, 'own-list'],
    [
      'more than its ServiceAccount had',
      { list: ['own', 'x'] },
      { accounts: [account(['own', 'acr-nopass'])] },
      'own-list',
    ],
    [
      'its own list, with attach: admission',
      { list: ['own'] },
      { config: config({ attach: 'admission' }), accounts: [] },
      'too-old, evictable',
    ],
    [
      'its ServiceAccount opted out, which the admission policy does not look at',
      {},
      { config: config({ attach: 'both' }), accounts: [account([], { optedOut: true })] },
      'too-old, evictable',
    ],
    [
      'its own list, with attach: both',
      { list: ['own'] },
      { config: config({ attach: 'both' }), accounts: [account([])] },
      'too-old, evictable',
    ],
  ]
  for (const [title, one, fixture, expected, domain] of table) {
    assert.equal(verdict(pod(one), fixture, domain), expected, title)
  }
})

test('only the failing images of a Pod are stored, by their names in the spec', () => {
  const waiting = (name: string, reason: string) => ({ name, state: { waiting: { reason } } })
  const object: PodObject = {
    metadata: {
      name: 'web-1',
      namespace: 'shop',
      uid: 'uid-web-1',
      resourceVersion: '5',
      ownerReferences: [{ ...REPLICASET, controller: true }],
    },
    spec: {
      imagePullSecrets: [{ name: 'own' }, {}],
      initContainers: [{ name: 'first', image: 'init:1' }],
      containers: [
        { name: 'app', image: IMAGE },
        { name: 'side', image: 'side:1' },
      ],
    },
    status: {
      phase: 'Pending',
      initContainerStatuses: [waiting('first', 'ErrImagePull')],
      containerStatuses: [waiting('app', 'ImagePullBackOff'), waiting('side', 'ContainerCreating')],
    },
  }
  assert.deepEqual(viewPod(object, 'acr-nopass'), pod({ list: ['own', ''], failing: ['init:1', IMAGE] }))
  const bare = { metadata: { name: 'a', uid: 'u', resourceVersion: '1' }, spec: { containers: [] } }
  const fresh = viewPod(bare, 'acr-nopass')
  assert.deepEqual([fresh.owner, fresh.pending, fresh.failing, fresh.serviceAccount], [undefined, false, [], 'default'])
})

test('a Pod works as soon as one container runs, even while its phase is Pending because of another container', () => {
  // kubernetes v1.37.2, pkg/kubelet/kubelet_pods.go, getPhase: `case waiting > 0` comes before
  // `case running > 0`, and pkg/registry/core/pod/storage/eviction.go, canIgnorePDB: no disruption
  // budget holds for a pending Pod.
  const runs = { state: { running: {} } }
  const waits = { state: { waiting: { reason: 'ImagePullBackOff' } } }
  const works = (status: NonNullable<PodObject['status']>): boolean => {
    const containers = [{ name: 'app' }, { name: 'side' }]
    const metadata = { name: 'web-1', uid: 'u', resourceVersion: '1' }
    return viewPod({ metadata, spec: { containers }, status }, 'acr-nopass').isWorking
  }
  const name = { app: { name: 'app' }, side: { name: 'side' } }
  const statuses = [
    [
      { ...name.app, ...runs },
      { ...name.side, ...waits },
    ],
    [
      { ...name.app, ...waits },
      { ...name.side, ...waits },
    ],
  ]
  assert.deepEqual(
    statuses.map((containerStatuses) => works({ phase: 'Pending', containerStatuses })),
    [true, false],
  )
  assert.equal(works({ phase: 'Pending', containerStatuses: [name.app] }), false)
  // A sidecar among the init containers does not count: it serves the containers that wait, and
  // runs before all of them.
  const initContainerStatuses = [{ ...name.side, ...runs }]
  assert.equal(
    works({ phase: 'Pending', initContainerStatuses, containerStatuses: [{ ...name.app, ...waits }] }),
    false,
  )
})

test('texts of a Pod that are longer than valid ones are not stored', () => {
  const long = 'x'.repeat(1_000_000)
  const view = viewPod(
    {
      metadata: {
        name: 'a',
        uid: 'u',
        resourceVersion: '1',
        ownerReferences: [{ ...REPLICASET, name: long, controller: true }],
      },
      spec: { imagePullSecrets: [{ name: long }, { name: 'acr-nopass' }], containers: [{ name: 'a', image: long }] },
      status: { containerStatuses: [{ name: 'a', state: { waiting: { reason: 'ErrImagePull' } } }] },
    },
    'acr-nopass',
  )
  assert.deepEqual([view.list, view.owner, view.failing], [['acr-nopass'], undefined, []])
})

test('what keeps a Pod from being judged or evicted is read from the Pod', () => {
  const view = (metadata: Partial<PodObject['metadata']>) => {
    const whole = { name: 'a', namespace: 'shop', uid: 'u', resourceVersion: '1', ...metadata }
    const { terminating, optedOut, mirror, owner } = viewPod(
      { metadata: whole, spec: { serviceAccountName: 'ci', containers: [] }, status: { phase: 'Running' } },
      'acr-nopass',
    )
    return { terminating, optedOut, mirror, owner }
  }
  const none = { terminating: false, optedOut: false, mirror: false, owner: undefined }
  assert.deepEqual(view({}), none)
  assert.deepEqual(view({ deletionTimestamp: '2026-03-01T12:00:00Z' }), { ...none, terminating: true })
  assert.deepEqual(view({ labels: { 'acr-nopass.io/skip': 'true' } }), { ...none, optedOut: true })
  assert.deepEqual(view({ labels: { 'acr-nopass.io/skip': 'false' } }), none)
  assert.deepEqual(view({ annotations: { 'kubernetes.io/config.mirror': '' } }), { ...none, mirror: true })
  // Only a controller creates the Pod again.
  assert.deepEqual(view({ ownerReferences: [REPLICASET] }), none)
  const controller = { ...REPLICASET, name: 'x'.repeat(512), controller: true }
  assert.deepEqual(view({ ownerReferences: [REPLICASET, controller] }).owner?.name, controller.name)
  assert.deepEqual(view({ ownerReferences: [{ ...controller, name: 'x'.repeat(513) }] }), none)
})

test('only images whose pull failed are stored, up to the longest valid name', () => {
  const failing = (reason: string, image: string) =>
    viewPod(
      {
        metadata: { name: 'a', uid: 'u', resourceVersion: '1' },
        spec: { containers: [{ name: 'app', image }] },
        status: { containerStatuses: [{ name: 'app', state: { waiting: { reason } } }] },
      },
      'acr-nopass',
    ).failing.length
  assert.deepEqual(
    ['ErrImagePull', 'ImagePullBackOff', 'ErrImagePullPaused', 'NoErrImagePull', ''].map((reason) =>
      failing(reason, 'a'),
    ),
    [1, 1, 0, 0, 0],
  )
  assert.deepEqual(
    [512, 513].map((length) => failing('ErrImagePull', 'x'.repeat(length))),
    [1, 0],
  )
})

test('the message states what a Pod lacks, why, and what to do', () => {
  const words = (
    why: 'too-old' | 'own-list' | 'account',
    treatment: 'left' | 'to-evict' | 'unhelped',
    more: Partial<PodView> = {},
  ) => {
    const { code, message, hint, place } = problemOfPod(
      pod(more),
      { image: IMAGE, why, evictable: true },
      'acr-nopass',
      treatment,
    )
    assert.deepEqual([code, place.namespace], ['PULL_SECRET_MISSING', 'shop'])
    return `${message}. ${hint}`
  }
  assert.match(
    words('too-old', 'left'),
    /^Pods of ReplicaSet web cannot pull prod\.example\.com\/team\/app:1 without acr-nopass: .* kubectl -n shop delete pod web-1/,
  )
  assert.match(
    words('too-old', 'left', { isWorking: true }),
    /delete pod web-1; .* One of its containers is running, and will be stopped\./,
  )
  assert.match(words('too-old', 'left', { owner: undefined }), /^Pod web-1 cannot pull .* apply its manifest again/)
  assert.match(words('too-old', 'left', { name: '$(reboot)' }), /\. Delete the Pod; the next one has the reference\.$/)
  assert.match(words('own-list', 'left', { list: ['own'] }), /\(own\) hide .* attach: admission/)
  assert.match(words('account', 'left'), /ServiceAccount default does not name it\. See the status/)
  assert.match(words('too-old', 'to-evict'), /it is evicted/)
  assert.match(words('too-old', 'unhelped'), /no more are evicted/)
})
