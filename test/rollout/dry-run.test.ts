import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { NopassError } from '../../src/errors.ts'
import { type ManifestObject, objectKey } from '../../src/helm/release/manifest.ts'
import { errorFromResponse } from '../../src/kube/api-error.ts'
import type { KubeCall, KubeClient } from '../../src/kube/client.ts'
import {
  type DryRunOptions,
  describeUnchecked,
  dryRunRelease,
  firstRefusal,
  projectOnto,
} from '../../src/rollout/release/dry-run.ts'

test('drift is only detected in fields that the manifest sets', () => {
  const manifest = {
    metadata: { name: 'a', labels: { app: 'x' } },
    spec: { replicas: 2, template: { containers: [{ name: 'c' }] } },
  }
  const live = {
    metadata: { name: 'a', uid: '1', labels: { app: 'x', other: 'y' } },
    spec: { replicas: 3, renewTime: 'now', template: { containers: [{ name: 'c', imagePullPolicy: 'Always' }] } },
    status: { ready: true },
  }
  assert.deepEqual(projectOnto(manifest, live), {
    metadata: { name: 'a', labels: { app: 'x' } },
    spec: { replicas: 3, template: { containers: [{ name: 'c', imagePullPolicy: 'Always' }] } },
  })
})

test('a field that the live object lacks is reported as missing', () => {
  assert.deepEqual(projectOnto({ data: { a: '1', b: '2' } }, { data: { a: '1' } }), { data: { a: '1', b: undefined } })
})

interface Answer {
  readonly status: number
  readonly message?: string
  readonly body?: object
}

const OWNED = {
  labels: { 'app.kubernetes.io/managed-by': 'Helm' },
  annotations: { 'meta.helm.sh/release-name': 'r', 'meta.helm.sh/release-namespace': 'n' },
}
const CONFIG: ManifestObject = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  namespace: undefined,
  name: 'a',
  body: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, data: { key: 'new' } },
}
const MONITOR: ManifestObject = { ...CONFIG, apiVersion: 'monitoring.coreos.com/v1', kind: 'ServiceMonitor' }
const LIVE = { metadata: { name: 'a', ...OWNED }, data: { key: 'new' } }
const ON_SERVER: DryRunOptions = { serverSide: true, force: false, deployed: new Set(), coming: [] }

/**
 * Does dry runs against an API server that serves ConfigMaps. Returns all requests except
 * discovery.
 */
async function tryOut(
  t: TestContext,
  objects: readonly ManifestObject[],
  options: DryRunOptions,
  answer: (call: KubeCall) => Answer,
) {
  const calls: string[] = []
  const request = async (call: KubeCall) => {
    if (call.path === '/api/v1') return { resources: [{ name: 'configmaps', kind: 'ConfigMap', namespaced: true }] }
    const { method, path, query = {} } = call
    if (!path.startsWith('/apis/')) {
      const flags = Object.entries(query).map(([name, value]) => `${name}=${value}`)
      calls.push([method, path, ...flags].join(' '))
    }
    const { status, message = '', body = {} } = answer(call)
    if (status >= 400) throw errorFromResponse(method, status, JSON.stringify({ message }), undefined)
    return body
  }
  const release = {
    client: { request } as unknown as KubeClient,
    signal: t.signal,
    target: { release: 'r', namespace: 'n', kubeconfig: 'k' },
  }
  const runs = await dryRunRelease(release, objects, options)
  return { runs, calls }
}

const [PATH, LIST] = ['/api/v1/namespaces/n/configmaps/a', '/api/v1/namespaces/n/configmaps']

test('an object is tried as Helm 4 applies it: on the server, unknown fields and conflicts refused', async (t) => {
  const { runs, calls } = await tryOut(t, [CONFIG], ON_SERVER, ({ method, body }) => {
    if (method === 'GET') return { status: 200, body: LIVE }
    assert.deepEqual(body, { ...CONFIG.body, metadata: { name: 'a', ...OWNED } })
    return { status: 200, body: LIVE }
  })
  assert.deepEqual(calls, [
    `GET ${PATH}`,
    `PATCH ${PATH} fieldManager=helm dryRun=All force=false fieldValidation=Strict`,
  ])
  assert.deepEqual(runs, [{ object: 'ConfigMap a', verdict: { verdict: 'accepted' }, drift: 'same' }])
})

test('with force-conflicts, the dry run forces conflicts too', async (t) => {
  const { calls } = await tryOut(t, [CONFIG], { ...ON_SERVER, force: true }, () => ({ status: 200, body: LIVE }))
  assert.match(calls[1] ?? '', / force=true /)
})

test('if helm applies on the client, an absent object is created, and conflicts do not count', async (t) => {
  const onClient = { ...ON_SERVER, serverSide: false }
  const absent = await tryOut(t, [CONFIG], onClient, ({ method }) =>
    method === 'GET' ? { status: 404 } : { status: 201, body: LIVE },
  )
  assert.deepEqual(absent.calls, [`GET ${PATH}`, `POST ${LIST} fieldManager=helm dryRun=All`])
  assert.deepEqual(absent.runs[0]?.drift, 'absent')
  const there = await tryOut(t, [CONFIG], onClient, () => ({ status: 200, body: LIVE }))
  assert.deepEqual(there.calls[1], `PATCH ${PATH} fieldManager=helm dryRun=All force=true fieldValidation=Ignore`)
})

test('a change that somebody made since the deploy is drift', async (t) => {
  const changed = { ...LIVE, data: { key: 'theirs' } }
  const { runs } = await tryOut(t, [CONFIG], { ...ON_SERVER, force: true }, ({ method }) => ({
    status: 200,
    body: method === 'GET' ? changed : LIVE,
  }))
  assert.equal(runs[0]?.drift, 'differs')
})

test('a kind that the cluster does not serve is refused before the first write, with the setting that renders it', async (t) => {
  const { runs, calls } = await tryOut(t, [MONITOR], ON_SERVER, () => ({ status: 404 }))
  const refusal = firstRefusal(runs)
  assert.equal(refusal?.code, 'HELM_CRD_MISSING')
  assert.equal(refusal?.message, 'the cluster does not serve ServiceMonitor of monitoring.coreos.com/v1')
  assert.match(refusal?.hint ?? '', /metrics\.serviceMonitor/)
  assert.deepEqual(calls, [])
})

test('if the API server cannot say what it serves, objects are not checked', async (t) => {
  const { runs } = await tryOut(t, [MONITOR], ON_SERVER, () => ({ status: 403, message: 'no discovery' }))
  assert.equal(firstRefusal(runs), undefined)
  assert.match(describeUnchecked(runs)[0] ?? '', /^not checked by a dry run: ServiceMonitor a: .*no discovery/)
})

test('an object of another owner is refused; an object of the deployed revision is not, whatever its labels say', async (t) => {
  const foreign = { metadata: { name: 'a', labels: {} } }
  const answer = ({ method }: KubeCall) => ({ status: 200, body: method === 'GET' ? foreign : LIVE })
  const refused = await tryOut(t, [CONFIG], ON_SERVER, answer)
  assert.equal(firstRefusal(refused.runs)?.code, 'HELM_OWNERSHIP')
  assert.deepEqual(refused.calls, [`GET ${PATH}`])
  const taken = await tryOut(t, [CONFIG], { ...ON_SERVER, deployed: new Set([objectKey(CONFIG)]) }, answer)
  assert.equal(firstRefusal(taken.runs), undefined)
  const onClient = await tryOut(t, [CONFIG], { ...ON_SERVER, serverSide: false }, answer)
  assert.equal(firstRefusal(onClient.runs)?.code, 'HELM_OWNERSHIP')
  assert.deepEqual(onClient.calls, [`GET ${PATH}`])
})

test('an object belongs to the release only with the label and both annotations of helm', async (t) => {
  const [name, namespace] = ['meta.helm.sh/release-name', 'meta.helm.sh/release-namespace']
  const { labels, annotations } = OWNED
  for (const metadata of [
    { labels: {}, annotations },
    { labels, annotations: { [name]: 'other', [namespace]: 'n' } },
    { labels, annotations: { [name]: 'r', [namespace]: 'other' } },
    { labels: {}, annotations: { [name]: 'r', [namespace]: 'other' } },
    { labels: {}, annotations: { [name]: 'other', [namespace]: 'n' } },
  ]) {
    const body = { metadata: { name: 'a', ...metadata } }
    const { runs } = await tryOut(t, [CONFIG], ON_SERVER, () => ({ status: 200, body }))
    assert.equal(firstRefusal(runs)?.code, 'HELM_OWNERSHIP', JSON.stringify(metadata))
  }
})

test('if somebody changed a Secret, none of its values is kept to be shown', async (t) => {
  const secret = { ...CONFIG, kind: 'Secret' }
  const request = async ({ method, path }: KubeCall) => {
    if (path === '/api/v1') return { resources: [{ name: 'secrets', kind: 'Secret', namespaced: true }] }
    return method === 'GET' ? { ...LIVE, data: { key: 'theirs' } } : LIVE
  }
  const client = { request } as unknown as KubeClient
  const release = { client, signal: t.signal, target: { release: 'r', namespace: 'n', kubeconfig: 'k' } }
  const runs = await dryRunRelease(release, [secret], { ...ON_SERVER, force: true })
  assert.deepEqual(runs, [{ object: 'Secret a', verdict: { verdict: 'accepted' }, drift: 'differs' }])
})

test('objects in a namespace that the release creates are not checked, and one note names them', async (t) => {
  const objects = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((name) => ({ ...CONFIG, name }))
  const { runs } = await tryOut(t, objects, { ...ON_SERVER, coming: ['n'] }, ({ method }) =>
    method === 'GET' ? { status: 404 } : { status: 404, message: 'namespaces "n" not found' },
  )
  assert.equal(firstRefusal(runs), undefined)
  const names = 'ConfigMap a, ConfigMap b, ConfigMap c, ConfigMap d, ConfigMap e and 2 more'
  assert.deepEqual(describeUnchecked(runs), [`not checked by a dry run: ${names}: namespace n does not exist yet`])
})

test('an API server that is busy for a moment is asked again', async (t) => {
  let asked = 0
  const { runs } = await tryOut(t, [CONFIG], ON_SERVER, ({ method }) => {
    if (method === 'PATCH' && asked++ === 0) return { status: 503, message: 'the server is currently unable' }
    return { status: 200, body: LIVE }
  })
  assert.equal(runs[0]?.verdict.verdict, 'accepted')
})

test('an expired credential fails the run, because nothing was checked', async (t) => {
  await assert.rejects(
    tryOut(t, [CONFIG], ON_SERVER, () => ({ status: 401 })),
    { code: 'KUBE_UNAUTHORIZED' },
  )
})

test('if several objects are refused, the first is explained and the others are named', async (t) => {
  const objects = ['a', 'b'].map((name) => ({ ...CONFIG, name }))
  const { runs } = await tryOut(t, objects, ON_SERVER, ({ method }) =>
    method === 'GET' ? { status: 404 } : { status: 422, message: 'wrong' },
  )
  const refusal = firstRefusal(runs)
  assert.equal(refusal?.code, 'HELM_INVALID_OBJECT')
  assert.match(refusal?.message ?? '', /^the API server would refuse ConfigMap a: .*wrong; also refused: ConfigMap b$/)
})

test('an unknown field is refused at once, although the API server reports it as an internal error', async (t) => {
  const { runs, calls } = await tryOut(t, [CONFIG], ON_SERVER, ({ method }) => {
    if (method === 'GET') return { status: 404 }
    const message =
      'failed to create typed patch object (n/a; /v1, Kind=ConfigMap): .datum: field not declared in schema'
    return { status: 500, message }
  })
  assert.equal(firstRefusal(runs)?.code, 'HELM_INVALID_OBJECT')
  assert.match(firstRefusal(runs)?.message ?? '', /\.datum: field not declared in schema/)
  assert.equal(calls.length, 2)
})

const UNKNOWN = 'failed to create typed patch object (n/a; /v1, Kind=ConfigMap): .datum: field not declared in schema'
const answerUnknown = ({ method }: KubeCall) => {
  if (method === 'GET' || method === 'PUT') return { status: 200, body: LIVE }
  return { status: 500, message: UNKNOWN }
}

test('an unknown field is also refused if helm takes over on the server what it applied on the client', async (t) => {
  const { runs } = await tryOut(t, [CONFIG], { ...ON_SERVER, takesOver: true }, answerUnknown)
  assert.equal(firstRefusal(runs)?.code, 'HELM_INVALID_OBJECT')
})

test('if helm applies on the client, an unknown field is a note: the API server drops it', async (t) => {
  const { runs } = await tryOut(t, [CONFIG], { ...ON_SERVER, serverSide: false }, answerUnknown)
  assert.equal(firstRefusal(runs), undefined)
  assert.match(describeUnchecked(runs)[0] ?? '', /ConfigMap a: .*on the client, .* drops .*\.datum: field not declared/)
})

/**
 * The API server's error if an apply and an update both wrote a field. An apply leaves the fields
 * of the manager `helm` that has updated the object: `removeDisownedItems` in
 * pkg/util/managedfields/internal of k8s.io/apimachinery removes only fields that the same manager
 * applied.
 */
const DUPLICATE =
  'Deployment.apps "a" is invalid: spec.template.spec.containers[0].ports[1].name: Duplicate value: "http"'

for (const [how, options] of [
  ['helm applies on the client', { ...ON_SERVER, serverSide: false }],
  ['helm applied on the client until now', { ...ON_SERVER, force: true, takesOver: true }],
] as const) {
  test(`a port that takes the name of a removed port does not stop a deploy where ${how}, because it is not checked`, async (t) => {
    const { runs, calls } = await tryOut(t, [CONFIG], options, ({ method }) => {
      if (method === 'GET') return { status: 200, body: { ...LIVE, data: { key: 'old' } } }
      return method === 'PUT' ? { status: 200, body: LIVE } : { status: 422, message: DUPLICATE }
    })
    assert.equal(calls[2], `PUT ${PATH} fieldManager=helm dryRun=All fieldValidation=Ignore`)
    assert.equal(firstRefusal(runs), undefined)
    assert.match(describeUnchecked(runs)[0] ?? '', /ConfigMap a: helm also removes .*Duplicate value: "http"/)
    assert.equal(runs[0]?.drift, 'differs')
    assert.deepEqual(runs[0]?.live, { data: { key: 'old' } })
  })
}

test('an object that is also refused as a replacement is refused; on the server, helm only applies, so an apply decides', async (t) => {
  const answer = ({ method }: KubeCall) =>
    method === 'GET' ? { status: 200, body: LIVE } : { status: 422, message: 'no' }
  const onClient = await tryOut(t, [CONFIG], { ...ON_SERVER, serverSide: false }, answer)
  assert.equal(firstRefusal(onClient.runs)?.code, 'HELM_INVALID_OBJECT')
  const onServer = await tryOut(t, [CONFIG], ON_SERVER, answer)
  assert.equal(firstRefusal(onServer.runs)?.code, 'HELM_INVALID_OBJECT')
  assert.equal(onServer.calls.length, 2)
})

test('an object that is to be created, and that the API server refuses, is refused: there is nothing to replace', async (t) => {
  const { runs, calls } = await tryOut(t, [CONFIG], { ...ON_SERVER, serverSide: false }, ({ method }) =>
    method === 'GET' ? { status: 404 } : { status: 422, message: 'no' },
  )
  assert.deepEqual([firstRefusal(runs)?.code, runs[0]?.drift, calls.length], ['HELM_INVALID_OBJECT', 'absent', 2])
})

test('objects of a namespace that a hook creates are not checked', async (t) => {
  const hook: ManifestObject = { ...CONFIG, kind: 'Namespace', name: 'n', body: {} }
  const { runs } = await tryOut(t, [CONFIG], { ...ON_SERVER, hooks: [hook] }, () => ({
    status: 404,
    message: 'namespaces "n" not found',
  }))
  assert.deepEqual(describeUnchecked(runs), ['not checked by a dry run: ConfigMap a: namespace n does not exist yet'])
})

test('up to five objects that were not checked are named, more are counted', () => {
  const unchecked = (count: number) =>
    describeUnchecked(
      Array.from({ length: count }, (_, index) => ({
        object: `A ${index}`,
        drift: 'unknown' as const,
        verdict: { verdict: 'not checked' as const, why: 'no right' },
      })),
    )
  const five = 'not checked by a dry run: A 0, A 1, A 2, A 3, A 4'
  assert.deepEqual(unchecked(5), [`${five}: no right`])
  assert.deepEqual(unchecked(7), [`${five} and 2 more: no right`])
})

test('notes are only about objects that were not checked, one for each reason', () => {
  const run = (object: string, verdict: object) => ({ object, drift: 'unknown', verdict }) as never
  const unchecked = (why: string) => ({ verdict: 'not checked', why })
  const runs = [
    run('A 1', unchecked('no right')),
    run('A 2', { verdict: 'accepted' }),
    run('A 3', unchecked('no namespace')),
    run('A 4', unchecked('no right')),
    run('A 5', { verdict: 'refused', error: new Error('no') }),
  ]
  assert.deepEqual(describeUnchecked(runs), [
    'not checked by a dry run: A 1, A 4: no right',
    'not checked by a dry run: A 3: no namespace',
  ])
  assert.deepEqual(describeUnchecked(runs.slice(1, 2)), [])
})

test('an object that the deployer may not read is not checked, and whether somebody changed it is not known', async (t) => {
  const message = 'configmaps "a" is forbidden: User "ci" cannot get resource "configmaps"'
  const { runs, calls } = await tryOut(t, [CONFIG], ON_SERVER, () => ({ status: 403, message }))
  assert.deepEqual(
    runs.map(({ drift, verdict }) => [drift, verdict.verdict]),
    [['unknown', 'not checked']],
  )
  assert.deepEqual(calls, [`GET ${PATH}`])
})

test('a kind that is not served is unknown, and no drift of it counts', async (t) => {
  const { runs } = await tryOut(t, [MONITOR], ON_SERVER, () => ({ status: 404 }))
  assert.deepEqual(
    runs.map(({ object, drift, verdict }) => [object, drift, verdict.verdict]),
    [['ServiceMonitor a', 'unknown', 'refused']],
  )
})

for (const message of [
  'Internal error occurred: failed calling webhook "check.example": no endpoints available',
  'admission webhook "check.example" denied the request: no',
]) {
  test(`a webhook that fails or refuses with a server error is not asked again: ${message}`, async (t) => {
    const { runs, calls } = await tryOut(t, [CONFIG], ON_SERVER, ({ method }) =>
      method === 'GET' ? { status: 404 } : { status: 500, message },
    )
    assert.equal(runs[0]?.verdict.verdict, 'refused')
    assert.equal(calls.length, 2)
  })
}

test('the labels and annotations of the manifest stay beside those of helm, and the replacement names its version', async (t) => {
  const own = { labels: { app: 'x' }, annotations: { note: 'y' } }
  const object = { ...CONFIG, body: { ...CONFIG.body, metadata: { name: 'a', ...own } } }
  const bodies: object[] = []
  const live = { ...LIVE, metadata: { ...LIVE.metadata, resourceVersion: '7' } }
  await tryOut(t, [object], { ...ON_SERVER, serverSide: false }, ({ method, body }) => {
    if (body !== undefined) bodies.push(body as object)
    if (method === 'PATCH') return { status: 422, message: 'no' }
    return { status: 200, body: live }
  })
  const metadata = {
    name: 'a',
    labels: { ...own.labels, ...OWNED.labels },
    annotations: { ...own.annotations, ...OWNED.annotations },
  }
  assert.deepEqual(bodies, [
    { ...CONFIG.body, metadata },
    { ...CONFIG.body, metadata: { ...metadata, resourceVersion: '7' } },
  ])
})

test('of an object that somebody changed, only the changed fields are kept', async (t) => {
  const data = { key: 'new', same: '1', list: ['a'] }
  const object = { ...CONFIG, body: { ...CONFIG.body, data } }
  const live = { ...LIVE, data: { key: 'theirs', same: '1', list: ['b'] }, more: 'x' }
  const { runs } = await tryOut(t, [object], ON_SERVER, ({ method }) => ({
    status: 200,
    body: method === 'GET' ? live : { ...LIVE, data },
  }))
  assert.deepEqual(runs[0]?.live, { data: { key: 'theirs', list: ['b'] } })
})

test('only a Namespace of Kubernetes itself creates the namespace of other objects', async (t) => {
  const namespace: ManifestObject = { ...CONFIG, kind: 'Namespace', name: 'n', body: {} }
  const verdictWith = async (other: ManifestObject) => {
    const { runs } = await tryOut(t, [CONFIG], { ...ON_SERVER, hooks: [other] }, () => ({
      status: 404,
      message: 'namespaces "n" not found',
    }))
    return runs[0]?.verdict.verdict
  }
  assert.equal(await verdictWith(namespace), 'not checked')
  assert.equal(await verdictWith({ ...namespace, apiVersion: 'tenancy.example.com/v1' }), 'refused')
  assert.equal(await verdictWith({ ...namespace, kind: 'ConfigMap' }), 'refused')
})

test('a single refusal is reported as it is; of several, the first keeps its code, fix and place', () => {
  const place = { file: 'team.yaml', line: 4, column: 3 }
  const error = new NopassError('HELM_CONFLICT', 'a conflict', { hint: 'Do this.', reason: 'Conflict', place })
  const refused = (object: string, one: NopassError) =>
    ({ object, drift: 'unknown', verdict: { verdict: 'refused', error: one } }) as const
  const accepted = { object: 'A 0', drift: 'same', verdict: { verdict: 'accepted' } } as const
  assert.equal(firstRefusal([accepted, refused('A 1', error)]), error)
  assert.equal(firstRefusal([accepted]), undefined)
  const others = ['A 2', 'A 3'].map((name) => refused(name, new NopassError('HELM_FAILED', 'another')))
  const { code, message, hint, reason, place: shown, cause } = firstRefusal([refused('A 1', error), ...others]) ?? {}
  assert.deepEqual(
    [code, message, hint, reason, shown, cause],
    ['HELM_CONFLICT', 'a conflict; also refused: A 2, A 3', 'Do this.', 'Conflict', place, error],
  )
})
