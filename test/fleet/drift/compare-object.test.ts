import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { addedFields } from '../../../src/fleet/drift/added-fields.ts'
import { changedFields } from '../../../src/fleet/drift/compare-object.ts'
import { differingKeys } from '../../../src/fleet/drift/compare-values.ts'

const DEPLOYMENT = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'helper', namespace: 'home', labels: { app: 'helper' }, annotations: {} },
  spec: {
    replicas: 2,
    template: {
      metadata: { labels: { app: 'helper' } },
      spec: {
        containers: [
          {
            name: 'helper',
            image: 'registry/helper:1',
            args: ['helper'],
            ports: [{ name: 'http', containerPort: 8080 }],
            resources: { limits: { cpu: '1000m', memory: '0.5Gi' }, requests: { cpu: '10m' } },
            securityContext: { privileged: false, capabilities: { drop: ['ALL'] } },
          },
        ],
        nodeSelector: null,
        tolerations: [],
      },
    },
  },
}

const containerOf = ({ spec }: ReturnType<typeof withDefaults>) => {
  const [container] = spec.template.spec.containers
  assert.ok(container)
  return container
}

/** The object as an API server returns it: with defaults, and quantities in its own form. */
function liveOf(change: (live: ReturnType<typeof withDefaults>) => void = () => undefined) {
  const live = withDefaults()
  change(live)
  return live as unknown as Record<string, unknown>
}

function withDefaults() {
  const live = structuredClone(DEPLOYMENT)
  const [container] = live.spec.template.spec.containers
  assert.ok(container)
  return {
    metadata: {
      ...live.metadata,
      uid: 'u',
      annotations: { 'deployment.kubernetes.io/revision': '1' } as Record<string, string> | undefined,
    },
    spec: {
      ...live.spec,
      progressDeadlineSeconds: 600,
      template: {
        ...live.spec.template,
        spec: {
          restartPolicy: 'Always',
          containers: [
            {
              ...container,
              ports: [{ name: 'http', containerPort: 8080, protocol: 'TCP' }],
              resources: { limits: { cpu: '1', memory: '512Mi' }, requests: { cpu: '10m' } },
              securityContext: { capabilities: { drop: ['ALL'] } },
            },
          ],
        },
      },
    },
    status: { replicas: 2 },
  }
}

test('an object as the API server stores it does not differ from its manifest', () => {
  assert.deepEqual(changedFields(DEPLOYMENT, liveOf()), [])
})

for (const [what, change, fields] of [
  [
    'a changed number',
    (live) => {
      live.spec.replicas = 0
    },
    ['spec.replicas'],
  ],
  [
    'a changed image',
    (live) => {
      containerOf(live).image = 'evil'
    },
    ['spec.template.spec.containers[0].image'],
  ],
  [
    'another argument',
    (live) => void containerOf(live).args.push('--debug'),
    ['spec.template.spec.containers[0].args'],
  ],
  [
    'a smaller limit',
    (live) => {
      containerOf(live).resources.limits.memory = '511Mi'
    },
    ['spec.template.spec.containers[0].resources.limits.memory'],
  ],
  [
    'a switched-off restriction',
    (live) => {
      containerOf(live).securityContext = { privileged: true } as never
    },
    [
      'spec.template.spec.containers[0].securityContext.privileged',
      'spec.template.spec.containers[0].securityContext.capabilities',
    ],
  ],
  [
    'a removed label',
    (live) => {
      live.metadata.labels = {} as never
    },
    ['metadata.labels.app'],
  ],
] satisfies readonly (readonly [string, (live: ReturnType<typeof withDefaults>) => void, readonly string[]])[]) {
  test(`${what} is drift, named by its path`, () => {
    assert.deepEqual(changedFields(DEPLOYMENT, liveOf(change)), fields)
  })
}

test("a Secret's content is not compared, because only its metadata is read", () => {
  const secret = { kind: 'Secret', metadata: { name: 's', labels: { a: '1' } }, data: { password: 'eA==' } }
  assert.deepEqual(changedFields(secret, { metadata: { name: 's', labels: { a: '1' } } }), [])
  assert.deepEqual(changedFields(secret, { metadata: { name: 's' } }), ['metadata.labels'])
})

test('keys with dots are quoted in a path', () => {
  const one = { kind: 'ConfigMap', metadata: { name: 'c' }, data: { 'config.yaml': 'a' } }
  assert.deepEqual(changedFields(one, { ...one, data: { 'config.yaml': 'b' } }), ['data["config.yaml"]'])
  const odd = (value: string) => ({ kind: 'X', data: { 'x[0]': value }, list: Array(11).fill('a').with(10, value) })
  assert.deepEqual(changedFields(odd('a'), odd('b')), ['data["x[0]"]', 'list[10]'])
})

test('no object differs from itself with anything added to its maps', () => {
  const json = fc.jsonValue({ maxDepth: 4 })
  fc.assert(
    fc.property(fc.dictionary(fc.string(), json), fc.dictionary(fc.string(), json), (body, more) => {
      const manifest = { ...body, kind: 'ConfigMap' }
      assert.deepEqual(changedFields(manifest, { ...more, ...manifest }), [])
    }),
    { seed: 38 },
  )
})

const owned = (manager: string, fieldsV1: object, subresource?: string) => [
  { manager, operation: 'Update' as const, fieldsV1, ...(subresource && { subresource }) },
]
const NODE_SELECTOR = { 'f:spec': { 'f:template': { 'f:spec': { 'f:affinity': { '.': {}, 'f:nodeAffinity': {} } } } } }

test('a field that another client added to the spec is drift', () => {
  assert.deepEqual(addedFields(DEPLOYMENT, owned('kubectl-edit', NODE_SELECTOR)), ['spec.template.spec.affinity'])
  const inList = {
    'f:spec': {
      'f:template': { 'f:spec': { 'f:containers': { 'k:{"name":"helper"}': { '.': {}, 'f:env': { '.': {} } } } } },
    },
  }
  assert.deepEqual(addedFields(DEPLOYMENT, owned('kubectl-set', inList)), ['spec.template.spec.containers[0].env'])
})

for (const [what, fields] of [
  ['Helm itself', owned('helm', NODE_SELECTOR)],
  ['the record of an object that had no record', owned('before-first-apply', NODE_SELECTOR)],
  ['a controller through a subresource', owned('kube-controller-manager', NODE_SELECTOR, 'status')],
  ['a client that owns what the manifest has', owned('kubectl', { 'f:spec': { 'f:replicas': {} } })],
  ['a label of another client', owned('kubectl-label', { 'f:metadata': { 'f:labels': { 'f:team': {} } } })],
  [
    'kubectl rollout restart',
    owned('kubectl-rollout', {
      'f:spec': {
        'f:template': { 'f:metadata': { 'f:annotations': { '.': {}, 'f:kubectl.kubernetes.io/restartedAt': {} } } },
      },
    }),
  ],
] as const) {
  test(`${what} is no drift`, () => {
    assert.deepEqual(addedFields(DEPLOYMENT, fields), [])
  })
}

test('what another client adds to any part that decides what an object does is drift, each path once', () => {
  const of = (root: string, manager = 'kubectl') => owned(manager, { [`f:${root}`]: { 'f:x': {} } })
  const manifest = { kind: 'Role', metadata: { name: 'r' }, rules: {}, spec: {} }
  for (const root of ['data', 'binaryData', 'subjects', 'roleRef', 'webhooks'])
    assert.deepEqual(addedFields(manifest, of(root)), [root])
  assert.deepEqual(addedFields(manifest, [...of('rules'), ...of('spec'), ...of('spec', 'other')]), [
    'rules.x',
    'spec.x',
  ])
  assert.deepEqual(addedFields({ ...manifest, spec: null }, of('spec')), ['spec'])
  for (const manager of ['acr-nopass', 'acr-nopass-content', 'helm', 'before-first-apply'])
    assert.deepEqual(addedFields(manifest, of('spec', manager)), [], manager)
  assert.deepEqual(addedFields({ ...manifest, kind: 'Secret' }, of('data')), [])
  const noted = [{ operation: 'Update' as const, fieldsV1: { 'f:spec': { 'f:x': {} } } }]
  assert.deepEqual([addedFields(manifest, noted), addedFields(manifest, undefined)], [['spec.x'], []])
})

test('a restart that also changed something else is drift', () => {
  const restart = { '.': {}, 'f:kubectl.kubernetes.io/restartedAt': {} }
  const inTemplate = (metadata: object) => owned('kubectl', { 'f:spec': { 'f:template': { 'f:metadata': metadata } } })
  const found = (metadata: object) => addedFields(DEPLOYMENT, inTemplate(metadata))
  assert.deepEqual(found({ 'f:annotations': restart }), [])
  assert.deepEqual(found({ 'f:annotations': { ...restart, 'f:debug': {} } }), ['spec.template.metadata.annotations'])
  assert.deepEqual(found({ 'f:annotations': { '.': {} } }), ['spec.template.metadata.annotations'])
  assert.deepEqual(found({ 'f:labels': { ...restart, 'f:team': {} } }), ['spec.template.metadata.labels.team'])
})

test('an item of a list is found by its keys, and an item that the manifest lacks is left to the comparison of the list', () => {
  const ports = (item: string, fields: object = { '.': {}, 'f:hostPort': {} }) =>
    addedFields(
      {
        kind: 'Service',
        spec: {
          ports: [
            { name: 'a', port: 1 },
            { name: 'b', port: 2 },
          ],
        },
      },
      owned('kubectl', { 'f:spec': { 'f:ports': { [item]: fields } } }),
    )
  assert.deepEqual(ports('k:{"port":2,"protocol":"TCP"}'), ['spec.ports[1].hostPort'])
  assert.deepEqual(ports('k:{"port":2,"name":"a"}'), [])
  for (const item of ['k:{"port":3}', 'k:{"protocol":"TCP"}', 'k:no', 'v:2', 'i:0', '.'])
    assert.deepEqual(ports(item), [], item)
  const onMap = owned('kubectl', { 'f:spec': { 'k:{"a":1}': { 'f:x': {} } } })
  assert.deepEqual(addedFields({ kind: 'Service', spec: { a: 1 } }, onMap), [])
})

test('quantities of one amount are equal, in limits and requests only', () => {
  const differs = (wanted: unknown, live: unknown, place = 'limits') => {
    const body = (value: unknown) => ({ kind: 'Pod', spec: { [place]: { cpu: value } } })
    return changedFields(body(wanted), body(live)).length > 0
  }
  const same: readonly (readonly [unknown, unknown])[] = [
    ['1000m', '1'],
    ['1', 1],
    ['0.5Gi', '512Mi'],
    ['1e3', '1k'],
    ['1E3', '1k'],
    ['+.5', '500m'],
    ['.25', '250m'],
    ['1e+3', '1k'],
    ['1e-3', '1m'],
    ['12e12', '12T'],
    ['1.', '1'],
    ['1000k', '1M'],
    ['1000M', '1G'],
    ['1000G', '1T'],
    ['1000T', '1P'],
    ['1000P', '1E'],
    ['1000u', '1m'],
    ['1000n', '1u'],
    ['1024Ki', '1Mi'],
    ['1024Mi', '1Gi'],
    ['1024Gi', '1Ti'],
    ['1024Ti', '1Pi'],
    ['1024Pi', '1Ei'],
  ]
  for (const [wanted, live] of same) assert.equal(differs(wanted, live), false, `${wanted} ${live}`)
  for (const [wanted, live] of [
    ['1', '2'],
    ['1x', '1xx'],
    ['1m', 'm'],
    ['a', 'b'],
    ['-1', '1'],
    [true, '1'],
  ] as const)
    assert.equal(differs(wanted, live), true, `${wanted} ${live}`)
  for (const place of ['requests', 'sizeLimit', 'hard', 'divisor'])
    assert.equal(differs('1000m', '1', place), false, place)
  assert.equal(differs('1000m', '1', 'args'), true)
  const deep = (value: string) => ({ kind: 'X', limits: { a: { b: value } } })
  assert.deepEqual(changedFields(deep('1000m'), deep('1')), ['limits.a.b'])
  const volume = (sizeLimit: string) => ({ kind: 'Pod', spec: { volumes: [{ emptyDir: { sizeLimit } }] } })
  assert.deepEqual(changedFields(volume('1Gi'), volume('1024Mi')), [])
})

test('a value that the API server leaves out does not differ from an absent one, and any other value does', () => {
  const differs = (wanted: unknown, live: unknown) =>
    changedFields({ kind: 'X', spec: { a: wanted } }, { spec: { a: live } })
  for (const empty of [null, '', false, 0, [], {}, { b: {}, c: { d: '' } }])
    assert.deepEqual(differs(empty, undefined), [], JSON.stringify(empty))
  for (const value of ['x', true, 1, [0], { b: 1 }, { b: { c: 1 } }])
    assert.deepEqual(differs(value, undefined), ['spec.a'], JSON.stringify(value))
  assert.deepEqual([differs(0, 2), differs(false, true), differs([], [1])], [['spec.a'], ['spec.a'], ['spec.a']])
  assert.deepEqual([differs({ b: {} }, 'x'), differs({ b: {} }, {})], [['spec.a'], []])
  assert.deepEqual([differs([1, 2], [1, 3]), differs([1], 'x')], [['spec.a[1]'], ['spec.a']])
})

test('what the API server sets, and what is no field of the object, is not compared', () => {
  const metadata = {
    name: 'c',
    uid: 'u',
    creationTimestamp: 't',
    resourceVersion: '1',
    generation: 1,
    managedFields: [1],
  }
  const manifest = { apiVersion: 'v1', kind: 'ConfigMap', status: { x: 1 }, metadata, data: { uid: '1' } }
  assert.deepEqual(changedFields(manifest, { metadata: { name: 'c' }, data: { uid: '1' } }), [])
  assert.deepEqual(changedFields(manifest, { metadata: { name: 'd' }, data: {} }), ['metadata.name', 'data.uid'])
})

test('values differ by key, and the values themselves are not named', () => {
  const stored = {
    attach: 'auto',
    identity: { type: 'rrsa', rrsa: { roleArn: 'a' } },
    registries: [{ name: 'a' }],
    gone: 1,
  }
  const given = { attach: 'auto', identity: { type: 'rrsa', rrsa: { roleArn: 'b' } }, registries: [{ name: 'b' }] }
  assert.deepEqual(differingKeys(stored, given), ['identity.rrsa.roleArn', 'registries', 'gone'])
  assert.deepEqual(differingKeys(given, given), [])
})
