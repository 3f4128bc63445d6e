import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  describeVerification,
  planNewNamespace,
  reasonNotToVerify,
} from '../../src/rollout/preflight/what-to-verify.ts'

type Verified = Parameters<typeof reasonNotToVerify>
type Covered = Parameters<typeof planNewNamespace>[0]

test('M1 the reason why a rollout is not verified is reported', () => {
  for (const [inputs, config, reason] of [
    [{ verify: true, wait: true }, { retire: false }, undefined],
    [{ verify: false, wait: true }, { retire: false }, 'verify is false'],
    [{ verify: true, wait: false }, { retire: false }, 'wait is false'],
    [{ verify: true, wait: true }, undefined, 'the chart is not the one of acr-nopass'],
    [{ verify: true, wait: true }, { retire: true }, 'the values have retire: true'],
  ] as const) {
    assert.equal(reasonNotToVerify(inputs as unknown as Verified[0], config as Verified[1]), reason)
  }
})

test('M1 a probe namespace proves something only if the values serve any new namespace', () => {
  const serviceAccounts = { include: ['*'], exclude: [] }
  const all = { include: ['*'], exclude: ['kube-*'], selector: {} }
  for (const [values, covers] of [
    [{ scope: 'cluster', dryRun: false, targets: { serviceAccounts, namespaces: all } }, true],
    [{ scope: 'namespaces', dryRun: false, targets: { serviceAccounts, namespaces: all } }, false],
    [{ scope: 'cluster', dryRun: true, targets: { serviceAccounts, namespaces: all } }, false],
    [
      { scope: 'cluster', dryRun: false, targets: { serviceAccounts, namespaces: { ...all, include: ['team-*'] } } },
      false,
    ],
    [
      { scope: 'cluster', dryRun: false, targets: { serviceAccounts, namespaces: { ...all, exclude: ['acr-*'] } } },
      false,
    ],
    [
      {
        scope: 'cluster',
        dryRun: false,
        targets: { serviceAccounts, namespaces: { ...all, selector: { matchLabels: { a: 'b' } } } },
      },
      false,
    ],
    [undefined, false],
  ] as const) {
    assert.equal(planNewNamespace({ values } as unknown as Covered) !== undefined, covers, JSON.stringify(values))
  }
})

test('a selector of either kind leaves new namespaces out, an empty one does not; the reference depends on `default`', () => {
  const plan = (selector: object, include: readonly string[]) =>
    planNewNamespace({
      values: {
        scope: 'cluster',
        dryRun: false,
        targets: {
          serviceAccounts: { include, exclude: [] },
          namespaces: { include: ['*'], exclude: [], selector },
        },
      },
    } as unknown as Covered)
  const expression = { key: 'a', operator: 'Exists' }
  assert.equal(plan({ matchExpressions: [expression] }, ['*']), undefined)
  assert.deepEqual(plan({ matchLabels: {}, matchExpressions: [] }, ['default']), {
    existing: undefined,
    attaches: true,
  })
  assert.deepEqual(plan({}, ['app-*']), { existing: undefined, attaches: false })
})

const LIVE = 'every registry is live'
for (const [more, probe, words] of [
  [{ verify: false }, undefined, 'nothing, because verify is false'],
  [{}, undefined, `${LIVE}; no probe, because new namespaces are not among the targets`],
  [{}, { existing: undefined, attaches: false }, `${LIVE}, a new namespace gets its Secret`],
  [
    {},
    { existing: undefined, attaches: true },
    `${LIVE}, a new namespace gets its Secret, a new Pod gets the reference`,
  ],
  [
    { 'verify-image': 'r.example/app:1' },
    { existing: { namespace: 'checks', registries: ['prod'] }, attaches: true },
    `${LIVE}, namespace checks has its Secret, a new Pod gets the reference, a Pod pulls r.example/app:1`,
  ],
  [
    { 'verify-image': 'r.example/app:1' },
    { existing: { namespace: 'checks', registries: ['prod'] }, attaches: false },
    `${LIVE}, namespace checks has its Secret`,
  ],
] as const) {
  test(`a plan says what will be verified: ${words}`, () => {
    const inputs = { verify: true, wait: true, 'verify-image': '', ...more } as unknown as Verified[0]
    assert.equal(describeVerification(inputs, { retire: false } as Verified[1], probe), words)
  })
}
