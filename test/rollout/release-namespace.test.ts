import assert from 'node:assert/strict'
import { test } from 'node:test'
import { KubeApiError } from '../../src/kube/api-error.ts'
import type { KubeCall, KubeCaller, KubeClient } from '../../src/kube/client.ts'
import { discoverKinds } from '../../src/kube/read/api-resources.ts'
import {
  createReleaseNamespace,
  hasReleaseNamespace,
  removeReleaseNamespace,
} from '../../src/rollout/release/release-namespace.ts'

const caller = (request: unknown, signal: AbortSignal): KubeCaller => ({ client: { request } as KubeClient, signal })
const LIST = ['list']
const version = (groupVersion: string) => ({ groupVersion })
const resource = (name: string, kind: string) => ({ name, kind, namespaced: true, verbs: LIST })

/**
 * The discovery and lists of an API server. Kruise serves CloneSets in a version that it does not
 * prefer.
 */
const RESPONSES: Readonly<Record<string, unknown>> = {
  '/apis': {
    groups: [
      {
        name: 'apps.kruise.io',
        preferredVersion: version('apps.kruise.io/v1beta1'),
        versions: [version('apps.kruise.io/v1beta1'), version('apps.kruise.io/v1alpha1')],
      },
      {
        name: 'calendar.example.com',
        preferredVersion: version('calendar.example.com/v1'),
        versions: [version('calendar.example.com/v1')],
      },
    ],
  },
  '/api/v1': { resources: [resource('configmaps', 'ConfigMap'), resource('events', 'Event')] },
  '/apis/apps.kruise.io/v1beta1': { resources: [resource('statefulsets', 'StatefulSet')] },
  '/apis/apps.kruise.io/v1alpha1': {
    resources: [resource('statefulsets', 'StatefulSet'), resource('clonesets', 'CloneSet')],
  },
  '/apis/calendar.example.com/v1': { resources: [resource('events', 'Event')] },
  '/api/v1/namespaces/n': {
    metadata: { name: 'n', uid: 'u', resourceVersion: '1', labels: { 'acr-nopass.io/made-for-release': 'true' } },
  },
  '/api/v1/namespaces/n/configmaps': { items: [{ metadata: { name: 'kube-root-ca.crt' } }] },
  '/api/v1/namespaces/n/events': { items: [{ metadata: { name: 'scheduled' } }] },
}

function openCluster(changes: Readonly<Record<string, unknown>>) {
  const requests: string[] = []
  const deletions: unknown[] = []
  const request = async ({ method, path, body }: Pick<KubeCall, 'path' | 'method' | 'body'>) => {
    requests.push(`${method} ${path}`)
    if (method === 'DELETE') deletions.push(body)
    const response = changes[path] ?? RESPONSES[path] ?? { items: null }
    if (response instanceof Error) throw response
    return response
  }
  return { client: { request } as unknown as KubeClient, requests, deletions }
}

for (const [title, path, held] of [
  [
    'kind of a version that its group does not prefer',
    '/apis/apps.kruise.io/v1alpha1/namespaces/n/clonesets',
    'clonesets web',
  ],
  [
    'kind of another group with the name of a built-in one',
    '/apis/calendar.example.com/v1/namespaces/n/events',
    'events web',
  ],
] as const) {
  test(`a namespace is not removed while it contains an object of a ${title}`, async (t) => {
    const { client, requests } = openCluster({ [path]: { items: [{ metadata: { name: 'web' } }] } })
    const note = await removeReleaseNamespace({ client, signal: t.signal }, 'n')
    assert.match(note, new RegExp(`^namespace n stays: it contains ${held}\\.`))
    assert.deepEqual(
      requests.filter((line) => line.startsWith('DELETE')),
      [],
    )
  })
}

for (const [title, changes, why] of [
  [
    'that existed before',
    { '/api/v1/namespaces/n': { metadata: { name: 'n', uid: 'u', resourceVersion: '1' } } },
    /^namespace n stays: it existed before$/,
  ],
  [
    'with a kind that discovery names and the API server does not find',
    { '/apis/apps.kruise.io/v1alpha1/namespaces/n/clonesets': new KubeApiError(404, 'not found') },
    /^namespace n stays: it contains clonesets\.apps\.kruise\.io that cannot be listed\./,
  ],
  [
    'with a kind that the deployer may not list',
    { '/api/v1/namespaces/n/configmaps': new KubeApiError(403, 'forbidden') },
    /^namespace n stays: the namespace or its objects could not be read, or it changed meanwhile \(forbidden\)/,
  ],
] as const) {
  test(`P15 a namespace ${title} is not removed`, async (t) => {
    const { client, deletions } = openCluster(changes)
    assert.match(await removeReleaseNamespace({ client, signal: t.signal }, 'n', 0), why)
    assert.deepEqual(deletions, [])
  })
}

test('an empty namespace that the rollout created is deleted, and each kind is listed once', async (t) => {
  const { client, requests, deletions } = openCluster({})
  // The namespace still holds what every namespace holds, so `kubectl create namespace` would fail
  // now.
  assert.equal(await removeReleaseNamespace({ client, signal: t.signal }, 'n'), 'namespace n is being deleted')
  // The precondition is the version from before its content was read. A namespace that was changed
  // or recreated meanwhile stays.
  assert.deepEqual(deletions, [{ preconditions: { uid: 'u', resourceVersion: '1' } }])
  assert.equal(requests.filter((line) => line.endsWith('/statefulsets')).length, 1)
})

test('only a few names of the objects in a namespace are read, and no content', async (t) => {
  const { client } = openCluster({})
  const lists: unknown[] = []
  const request = async (call: KubeCall) => {
    if (call.path.endsWith('/configmaps')) lists.push([call.query, call.accept?.split(';')[0]])
    return client.request(call)
  }
  await removeReleaseNamespace(caller(request, t.signal), 'n')
  assert.deepEqual(lists, [[{ limit: 10 }, 'application/json']])
})

test("the helper's Pods have time to exit before the objects in a namespace are read", async (t) => {
  const { client, requests } = openCluster({})
  let reads = 0
  const request = async (call: KubeCall) => {
    const response = await client.request(call)
    return call.path.endsWith('/pods') && reads++ === 0 ? { items: [{ metadata: { name: 'ending' } }] } : response
  }
  assert.equal(await removeReleaseNamespace(caller(request, t.signal), 'n'), 'namespace n is being deleted')
  assert.equal(requests.filter((line) => line.endsWith('/pods')).length, 2)
})

test('an unreachable API server is an error, because nothing is known about the namespace', async (t) => {
  const signal = AbortSignal.abort()
  const refused = { '/api/v1/namespaces/n': new KubeApiError(0, 'no route') }
  await assert.rejects(removeReleaseNamespace({ ...openCluster(refused), signal }, 'n'), { status: 0 })
  const broken = { '/api/v1/namespaces/n': new TypeError('a defect') }
  await assert.rejects(removeReleaseNamespace({ ...openCluster(broken), signal: t.signal }, 'n'), /a defect/)
})

test('a namespace that is gone after its deletion is reported as removed', async (t) => {
  const { client, requests } = openCluster({})
  const request = async (call: KubeCall) => {
    const isGone = requests.some((line) => line.startsWith('DELETE'))
    if (isGone) throw new KubeApiError(404, 'not found')
    return client.request(call)
  }
  assert.equal(await removeReleaseNamespace(caller(request, t.signal), 'n'), 'namespace n was removed')
})

test('a namespace that cannot be read is not reported as existing before', async (t) => {
  const refused = { '/api/v1/namespaces/n': new KubeApiError(403, 'forbidden') }
  assert.match(
    await removeReleaseNamespace({ ...openCluster(refused), signal: t.signal }, 'n'),
    /^namespace n stays: the namespace or its objects could not be read, or it changed meanwhile \(forbidden\)/,
  )
  const absent = { '/api/v1/namespaces/n': new KubeApiError(404, 'not found') }
  assert.equal(
    await removeReleaseNamespace({ ...openCluster(absent), signal: t.signal }, 'n'),
    'namespace n does not exist',
  )
})

test('custom kinds are found in every served version, each once', async (t) => {
  const kinds = await discoverKinds({ ...openCluster({}), signal: t.signal }, 'custom')
  assert.deepEqual(
    kinds.map(({ apiVersion, plural }) => `${apiVersion} ${plural}`),
    ['apps.kruise.io/v1beta1 statefulsets', 'apps.kruise.io/v1alpha1 clonesets', 'calendar.example.com/v1 events'],
  )
})

const ENDING = {
  metadata: { name: 'n', deletionTimestamp: '2026-11-28T00:00:00Z' },
  status: { conditions: [{ type: 'NamespaceContentRemaining', status: 'True', message: 'Some resources remain' }] },
}

test('before anything is written, a run waits for a namespace that is being deleted', async (t) => {
  const states = [ENDING, ENDING, new KubeApiError(404, 'not found')]
  const request = async () => {
    const state = states.shift()
    if (state instanceof Error) throw state
    return state
  }
  assert.equal(await hasReleaseNamespace(caller(request, t.signal), 'n'), false)
  assert.deepEqual(states, [])
})

test('before anything is written, and also in a plan, a namespace whose deletion does not end is an error', async (t) => {
  const request = async () => ENDING
  await assert.rejects(hasReleaseNamespace(caller(request, t.signal), 'n', 0), {
    code: 'KUBE_CONFLICT',
    message: 'namespace n is still being deleted: Some resources remain',
  })
})

test('a run waits for a namespace that is being deleted, and creates it again', async (t) => {
  const requests: string[] = []
  const ending = { metadata: { name: 'n', deletionTimestamp: '2026-11-28T00:00:00Z' } }
  const there = ['ending', 'ending']
  const request = async ({ method, path }: { readonly method: string; readonly path: string }) => {
    requests.push(`${method} ${path}`)
    if (method === 'POST') {
      if (there.length > 0) throw new KubeApiError(409, 'object is being deleted')
      return {}
    }
    if (there.shift() === undefined) throw new KubeApiError(404, 'not found')
    return ending
  }
  await createReleaseNamespace(caller(request, t.signal), 'n')
  assert.deepEqual(requests, [
    ...Array.from({ length: 2 }, () => ['POST /api/v1/namespaces', 'GET /api/v1/namespaces/n']).flat(),
    'POST /api/v1/namespaces',
  ])
})

test('a namespace exists in the end, even if its creation failed for a moment or its response was lost', async (t) => {
  const responses = [503, 0, 409]
  const request = async ({ method }: { readonly method: string }) => {
    if (method === 'GET') return { metadata: { name: 'n' } }
    throw new KubeApiError(responses.shift() ?? assert.fail('created again'), 'no')
  }
  await createReleaseNamespace(caller(request, t.signal), 'n')
  assert.deepEqual(responses, [])
})

test('if the deletion of a namespace does not end, the error names what keeps it, and the command that shows this', async (t) => {
  const message = 'Some content in the namespace has finalizers remaining: x.example/y in 1 resource instances'
  const conditions = [
    { type: 'NamespaceDeletionContentFailure', status: 'False', message: 'All content successfully deleted' },
    { type: 'NamespaceFinalizersRemaining', status: 'True', message },
  ]
  const ending = { metadata: { name: 'n', deletionTimestamp: '2026-11-28T00:00:00Z' }, status: { conditions } }
  const request = async ({ method }: { readonly method: string }) => {
    if (method === 'POST') throw new KubeApiError(409, 'object is being deleted')
    return ending
  }
  await assert.rejects(createReleaseNamespace(caller(request, t.signal), 'n', 0), {
    code: 'KUBE_CONFLICT',
    message: `namespace n is still being deleted: ${message}`,
    hint: /`kubectl get namespace n --output yaml`/,
  })
})

test('P15 the rollout labels a namespace that it creates, because an uninstall may delete only such a namespace', async (t) => {
  const bodies: unknown[] = []
  const request = async ({ body }: { readonly body?: unknown }) => bodies.push(body)
  await createReleaseNamespace({ client: { request } as unknown as KubeClient, signal: t.signal }, 'n')
  const metadata = { name: 'n', labels: { 'acr-nopass.io/made-for-release': 'true' } }
  assert.deepEqual(bodies, [{ apiVersion: 'v1', kind: 'Namespace', metadata }])
})

test('a namespace that may not be read counts as neither absent nor present', async (t) => {
  const answer = (status: number) => async () => {
    if (status === 200) return { metadata: { name: 'n' } }
    throw new KubeApiError(status, 'no')
  }
  const has = (status: number) => hasReleaseNamespace(caller(answer(status), t.signal), 'n')
  assert.deepEqual([await has(200), await has(404), await has(403)], [true, false, undefined])
  await assert.rejects(has(401), { status: 401 })
})

test('without conditions, the error only says that the namespace is still being deleted', async (t) => {
  const { status: _, ...ending } = ENDING
  await assert.rejects(
    hasReleaseNamespace(
      caller(async () => ending, t.signal),
      'n',
      0,
    ),
    {
      message: 'namespace n is still being deleted',
    },
  )
  const conditions = ['True', 'False', 'True'].map((status, index) => ({ status, message: `reason ${index}` }))
  await assert.rejects(
    hasReleaseNamespace(
      caller(async () => ({ ...ENDING, status: { conditions } }), t.signal),
      'n',
      0,
    ),
    {
      message: 'namespace n is still being deleted: reason 0; reason 2',
    },
  )
})

test('a namespace that exists already is used, also if it may not be read; a refused creation is an error', async (t) => {
  const answer = (read: number, created = 409) => {
    return async ({ method }: { readonly method: string }) => {
      if (method === 'POST') throw new KubeApiError(created, 'no')
      if (read !== 200) throw new KubeApiError(read, 'no')
      return { metadata: { name: 'n' } }
    }
  }
  const create = (...statuses: Parameters<typeof answer>) =>
    createReleaseNamespace(caller(answer(...statuses), t.signal), 'n', 0)
  await create(200)
  await create(403)
  await assert.rejects(create(200, 403), { status: 403 })
  // It was deleted at once, and never created again.
  await assert.rejects(create(404), { code: 'KUBE_CONFLICT', message: 'namespace n is still being deleted' })
})

test('a namespace that is being deleted already is left alone', async (t) => {
  const labels = { 'acr-nopass.io/made-for-release': 'true' }
  const ending = { '/api/v1/namespaces/n': { ...ENDING, metadata: { ...ENDING.metadata, labels } } }
  const { client, deletions } = openCluster(ending)
  assert.equal(await removeReleaseNamespace({ client, signal: t.signal }, 'n'), 'namespace n is being deleted already')
  assert.deepEqual(deletions, [])
})

test('of the objects that keep a namespace, five are named, with the command that deletes it nevertheless', async (t) => {
  const items = (count: number) => ({
    items: Array.from({ length: count }, (_, index) => ({ metadata: { name: `c${index}` } })),
  })
  const noteOn = (count: number) => {
    const { client } = openCluster({ '/api/v1/namespaces/n/configmaps': items(count) })
    return removeReleaseNamespace({ client, signal: t.signal }, 'n')
  }
  const five = 'configmaps c0, configmaps c1, configmaps c2, configmaps c3, configmaps c4'
  const end = 'To delete it with everything in it: kubectl delete namespace n'
  assert.equal(await noteOn(5), `namespace n stays: it contains ${five}. ${end}`)
  assert.equal(await noteOn(6), `namespace n stays: it contains ${five} and more. ${end}`)
})

for (const [title, plural, items, note] of [
  ['default ServiceAccount of a namespace', 'serviceaccounts', ['default'], 'being deleted'],
  ['ServiceAccount', 'serviceaccounts', ['build'], 'serviceaccounts build'],
  ['certificate of the API server', 'configmaps', ['kube-root-ca.crt'], 'being deleted'],
  ['ConfigMap of the name default', 'configmaps', ['default'], 'configmaps default'],
  ['Secret of the name default', 'secrets', ['default'], 'secrets default'],
] as const) {
  test(`only what Kubernetes makes in every namespace does not keep it: a ${title}`, async (t) => {
    const { client } = openCluster({
      '/api/v1': { resources: [resource(plural, 'Any')] },
      [`/api/v1/namespaces/n/${plural}`]: { items: items.map((name) => ({ metadata: { name } })) },
    })
    assert.match(await removeReleaseNamespace({ client, signal: t.signal }, 'n'), new RegExp(note))
  })
}

test('a kind of another group with the name of a built-in one keeps a namespace, whatever its objects are called', async (t) => {
  const { client } = openCluster({
    '/apis/calendar.example.com/v1': {
      resources: [resource('configmaps', 'Map'), resource('serviceaccounts', 'Account')],
    },
    '/apis/calendar.example.com/v1/namespaces/n/configmaps': { items: [{ metadata: { name: 'kube-root-ca.crt' } }] },
    '/apis/calendar.example.com/v1/namespaces/n/serviceaccounts': { items: [{ metadata: { name: 'default' } }] },
  })
  assert.match(
    await removeReleaseNamespace({ client, signal: t.signal }, 'n'),
    /it contains configmaps kube-root-ca\.crt, serviceaccounts default\./,
  )
})

test('events in the API group of Kubernetes do not keep a namespace', async (t) => {
  const group = { name: 'events.k8s.io', preferredVersion: version('events.k8s.io/v1'), versions: [] }
  const { client } = openCluster({
    '/apis': { groups: [group] },
    '/apis/events.k8s.io/v1': { resources: [resource('events', 'Event')] },
    '/apis/events.k8s.io/v1/namespaces/n/events': { items: [{ metadata: { name: 'scheduled' } }] },
  })
  assert.equal(await removeReleaseNamespace({ client, signal: t.signal }, 'n'), 'namespace n is being deleted')
})

test('a namespace whose deletion is refused, because it changed meanwhile, stays', async (t) => {
  const { client } = openCluster({})
  const request = async (call: KubeCall) => {
    if (call.method === 'DELETE') throw new KubeApiError(409, 'the precondition failed')
    return client.request(call)
  }
  assert.match(
    await removeReleaseNamespace(caller(request, t.signal), 'n'),
    /^namespace n stays: .*changed meanwhile \(the precondition failed\)\. To delete it/,
  )
  const gone = async (call: KubeCall) => {
    if (call.method === 'DELETE') throw new KubeApiError(404, 'not found')
    return client.request(call)
  }
  assert.equal(await removeReleaseNamespace(caller(gone, t.signal), 'n'), 'namespace n was removed')
})
