import assert from 'node:assert/strict'
import { test } from 'node:test'
import { planNewNamespace, reasonNotToVerify } from '../../src/rollout/verify/what-to-verify.ts'

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
