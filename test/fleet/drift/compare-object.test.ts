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
