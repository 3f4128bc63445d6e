import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  describeVerification,
  planNewNamespace,
  reasonNotToVerify,
  verifiesNode,
  verifiesPluginNode,
} from '../../src/rollout/preflight/what-to-verify.ts'

type Verified = Parameters<typeof reasonNotToVerify>

/** A cluster with the values of two registries. */
function covered(more: object, second: object = {}): Parameters<typeof planNewNamespace>[0] {
  const values = {
    scope: 'cluster',
    retire: false,
    registries: [{ name: 'prod' }, { name: 'stage', ...second }],
    targets: within({}).targets,
    ...more,
  }
  return { values, settings: { namespace: 'n' } } as unknown as Parameters<typeof planNewNamespace>[0]
}

const within = (namespaces: object, serviceAccounts: object = { include: ['*'] }) => ({
  targets: {
    namespaces: { include: ['*'], exclude: ['kube-*'], selector: {}, ...namespaces },
    serviceAccounts: { exclude: [], ...serviceAccounts },
  },
})

test('the reason why a rollout is not verified is reported', () => {
  for (const [inputs, config, reason] of [
    [{ verify: true, wait: true }, { retire: false, hasHelper: true }, undefined],
    [{ verify: false, wait: true }, { retire: false, hasHelper: true }, 'verify is false'],
    [{ verify: true, wait: false }, { retire: false, hasHelper: true }, 'wait is false'],
    [{ verify: true, wait: true }, undefined, 'the chart is not that of acr-nopass'],
    [{ verify: true, wait: true }, { retire: true, hasHelper: true }, 'the values have retire: true'],
    [
      { verify: true, wait: true, 'verify-image': '' },
      { retire: true, hasHelper: false },
      'the values have helper.enabled: false',
    ],
  ] as const) {
    assert.equal(reasonNotToVerify(inputs as unknown as Verified[0], config as Verified[1]), reason)
  }
})

test('without a helper, an image is verified only where the role of the node can pull for a probe', () => {
  const image = { verify: true, wait: true, 'verify-image': 'r.example/app:1' }
  const off = { retire: true, hasHelper: false } as Verified[1]
  const judge = (inputs: object, config: Verified[1], node: object): boolean =>
    verifiesNode(inputs as Verified[0], config, { node } as never)
  assert.equal(judge(image, off, { identity: 'worker-role', fallback: 'none' }), true)
  assert.equal(judge(image, off, { identity: 'service-account', fallback: 'worker-role' }), true)
  assert.equal(judge(image, off, { identity: 'service-account', fallback: 'none' }), false)
  assert.equal(judge({ ...image, 'verify-image': '' }, off, { identity: 'worker-role' }), false)
  assert.equal(judge({ ...image, wait: false }, off, { identity: 'worker-role' }), false)
  assert.equal(judge(image, { retire: false, hasHelper: true } as Verified[1], { identity: 'worker-role' }), false)
  assert.match(reasonNotToVerify(image as Verified[0], off) ?? '', /has no role of its own$/)
  const words = describeVerification(image as Verified[0], off, undefined, { isByNode: true })
  assert.equal(words, 'a Pod without a Secret pulls r.example/app:1')
})

test('beside a helper, an image is also verified on a node where its role can pull it without a Secret', () => {
  const image = { verify: true, wait: true, 'verify-image': 'r.example/app:1' } as Verified[0]
  const on = { retire: false, hasHelper: true } as Verified[1]
  const served = [{ name: 'e', edition: 'enterprise', domains: ['r.example'] }]
  const byNode = { node: { identity: 'worker-role', fallback: 'none' }, registries: served }
  const judge = (inputs: object, config: Verified[1], values: object): boolean =>
    verifiesPluginNode({ ...image, ...inputs } as Verified[0], config, values as never)
  assert.equal(judge({}, on, byNode), true)
  assert.equal(judge({}, on, { ...byNode, node: { identity: 'service-account', fallback: 'none' } }), false)
  assert.equal(judge({ 'verify-image': '' }, on, byNode), false)
  assert.equal(judge({ wait: false }, on, byNode), false)
  assert.equal(judge({}, { retire: true, hasHelper: true } as Verified[1], byNode), false)
  // Nodes never have a static login.
  const registries = [{ name: 's', edition: 'static', domains: ['r.example'] }]
  assert.equal(judge({}, on, { ...byNode, registries }), false)
  const others = [
    { name: 's', edition: 'static', domains: ['other.example'] },
    { name: 'e', edition: 'enterprise', domains: ['r.example'] },
    { name: 'p', edition: 'personal', region: 'cn-hangzhou', domains: [] },
  ]
  assert.equal(judge({}, on, { ...byNode, registries: others }), true)
  // The program has a login for a custom domain only if the values name it.
  const unnamed = [{ name: 'e', edition: 'enterprise', region: 'cn-hangzhou', domains: [] }]
  assert.equal(judge({}, on, { ...byNode, registries: unnamed }), false)
  const probe = { existing: undefined, registries: ['prod'], attaches: true }
  assert.match(
    describeVerification(image, on, probe, { onPluginNode: true }),
    /a Pod pulls r\.example\/app:1, a Pod without a Secret pulls r\.example\/app:1 on a node with the program$/,
  )
})

test('a probe namespace proves something only if the values serve any new namespace', () => {
  for (const [more, covers] of [
    [{}, true],
    [{ scope: 'namespaces', ...within({ include: ['team-a'] }) }, false],
    [within({ include: ['team-*'] }), false],
    [within({ exclude: ['acr-*'] }), false],
    [within({ selector: { matchLabels: { a: 'b' } } }), false],
  ] as const) {
    assert.equal(planNewNamespace(covered(more)) !== undefined, covers, JSON.stringify(more))
  }
})

test('a new namespace is expected to get the registries that target it, and no others', () => {
  const [own, both] = [{ include: ['stage-*'] }, ['prod', 'stage']]
  assert.deepEqual(planNewNamespace(covered({}))?.registries, both)
  assert.deepEqual(planNewNamespace(covered({}, { targets: { namespaces: own } }))?.registries, ['prod'])
  const all = { targets: { namespaces: { include: ['*'] } } }
  assert.deepEqual(planNewNamespace(covered(within(own), all))?.registries, ['stage'])
})

test('a selector of either kind excludes new namespaces, but an empty selector does not; the reference depends on `default`', () => {
  const plan = (selector: object, include: readonly string[]) =>
    planNewNamespace(covered(within({ selector }, { include })))
  const expression = { key: 'a', operator: 'Exists' }
  const registries = ['prod', 'stage']
  assert.equal(plan({ matchExpressions: [expression] }, ['*']), undefined)
  assert.equal(plan({ matchExpressions: [{ ...expression, operator: 'DoesNotExist' }] }, ['*']), undefined)
  assert.deepEqual(plan({ matchLabels: {}, matchExpressions: [] }, ['default']), {
    existing: undefined,
    registries,
    attaches: true,
  })
  assert.deepEqual(plan({}, ['app-*']), { existing: undefined, registries, attaches: false })
})

const LIVE = 'every registry is live'
for (const [more, probe, words] of [
  [{ verify: false }, undefined, 'nothing, because verify is false'],
  [{}, undefined, `${LIVE}; no probe, because new namespaces are not among the targets`],
  [{}, { existing: undefined, registries: ['prod'], attaches: false }, `${LIVE}, a new namespace gets its Secret`],
  [
    {},
    { existing: undefined, registries: ['prod'], attaches: true },
    `${LIVE}, a new namespace gets its Secret, a new Pod gets the reference`,
  ],
  [
    { 'verify-image': 'r.example/app:1' },
    { existing: 'checks', registries: ['prod'], attaches: true },
    `${LIVE}, namespace checks has its Secret, a new Pod gets the reference, a Pod pulls r.example/app:1`,
  ],
  [
    { 'verify-image': 'r.example/app:1' },
    { existing: 'checks', registries: ['prod'], attaches: false },
    `${LIVE}, namespace checks has its Secret`,
  ],
] as const) {
  test(`a plan says what will be verified: ${words}`, () => {
    const inputs = { verify: true, wait: true, 'verify-image': '', ...more } as unknown as Verified[0]
    assert.equal(describeVerification(inputs, { retire: false, hasHelper: true } as Verified[1], probe), words)
  })
}
