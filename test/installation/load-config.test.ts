import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createUnions } from '../../src/acr/unions.ts'
import { durationMs, loadConfig } from '../../src/installation/load-config.ts'
import { createTargets } from '../../src/installation/targets.ts'
import { config, namespace } from '../helper/plan-fixtures.ts'

test('a configuration is completed with the defaults, and its hash distinguishes it from another', () => {
  const text = JSON.stringify({ ...config(), verify: undefined })
  const { config: loaded, hash } = loadConfig(text)
  assert.deepEqual(loaded.verify, { enabled: true, interval: '5m' })
  assert.match(hash, /^[0-9a-f]{64}$/)
  assert.notEqual(loadConfig(`${text}\n`).hash, hash)
})

test('an invalid configuration is rejected with the location and never with its text', () => {
  const text = JSON.stringify({ ...config(), secretName: 'S3CR3T_VALUE' })
  assert.throws(
    () => loadConfig(text),
    (error: Error & { code?: string }) => {
      assert.equal(error.code, 'HELPER_CONFIG_INVALID')
      assert.match(error.message, /\/secretName/)
      assert.doesNotMatch(error.message, /S3CR3T/)
      return true
    },
  )
  fc.assert(
    fc.property(fc.string(), (any) => {
      assert.throws(() => loadConfig(any), { code: 'HELPER_CONFIG_INVALID' })
    }),
  )
})

test('durations are read as written', () => {
  assert.deepEqual(['30s', '5m', '2h'].map(durationMs), [30_000, 300_000, 7_200_000])
})

const registries = (...targets: object[]) =>
  targets.map((one, index) => ({
    name: `r${index}`,
    edition: 'static',
    domains: [`r${index}.example.com`],
    existingSecret: 's',
    targets: { namespaces: one },
  }))

test("a registry's own targets replace the global ones key by key", () => {
  const selector = { matchLabels: { env: 'prod' } }
  const targets = createTargets(
    config({
      registries: registries({}, { include: ['team-*'] }, { selector }, { exclude: [] }),
      targets: {
        namespaces: { include: ['*'], exclude: ['kube-*'], selector: {} },
        serviceAccounts: { include: ['*'], exclude: ['ci-*'] },
      },
    }),
  )
  const of = (name: string, labels = {}, more = {}) => targets.registriesOf(namespace(name, { labels, ...more })).join()
  assert.equal(of('shop'), 'r0,r3')
  assert.equal(of('team-a', { env: 'prod' }), 'r0,r1,r2,r3')
  assert.equal(of('kube-system'), 'r3')
  assert.equal(of('kube-system', {}, { optedOut: true }), '')
  assert.equal(of('home', {}, { optedOut: true }), 'r0,r1,r2,r3')
  assert.deepEqual([...targets.namespaceLabels], ['env'])
  assert.deepEqual(['default', 'ci-bot'].map(targets.takesServiceAccount), [true, false])
})

test('two registries overlap if they share a namespace other than the helper’s own, which has all of them', () => {
  const both = config({
    registries: registries({ include: ['a', 'home'] }, { include: ['a', 'b'] }, { include: ['c'] }),
  })
  const [targets, unions] = [createTargets(both), createUnions(both)]
  const beside = (registry: string, ...names: string[]) => [
    ...unions.beside(registry, targets.listsOf(names.map((name) => namespace(name)))),
  ]
  assert.deepEqual(beside('r0', 'home', 'a', 'b', 'c'), ['r1'])
  assert.deepEqual(beside('r1', 'home', 'b', 'c'), [])
  assert.deepEqual(beside('r2', 'home', 'a', 'b', 'c'), [])
})

test('label selectors match as everywhere in Kubernetes', () => {
  const labels = { env: 'prod', tier: 'web' }
  const cases: [object, boolean][] = [
    [{}, true],
    [{ matchLabels: { env: 'prod' } }, true],
    [{ matchLabels: { env: 'prod', tier: 'db' } }, false],
    [{ matchExpressions: [{ key: 'env', operator: 'In', values: ['dev', 'prod'] }] }, true],
    [{ matchExpressions: [{ key: 'env', operator: 'NotIn', values: ['prod'] }] }, false],
    [{ matchExpressions: [{ key: 'none', operator: 'NotIn', values: ['prod'] }] }, true],
    [{ matchExpressions: [{ key: 'env', operator: 'Exists' }] }, true],
    [{ matchExpressions: [{ key: 'env', operator: 'DoesNotExist' }] }, false],
    [{ matchExpressions: [{ key: 'none', operator: 'DoesNotExist' }] }, true],
    [{ matchExpressions: [{ key: 'none', operator: 'In', values: ['prod'] }] }, false],
    [{ matchExpressions: [{ key: 'none', operator: 'Exists' }] }, false],
    [
      {
        matchExpressions: [
          { key: 'none', operator: 'DoesNotExist' },
          { key: 'tier', operator: 'In', values: ['db'] },
        ],
      },
      false,
    ],
  ]
  for (const [selector, expected] of cases) {
    const targets = createTargets(config({ registries: registries({ selector }) }))
    assert.equal(targets.includes(namespace('shop', { labels })), expected, JSON.stringify(selector))
  }
})

test('the labels that any selector reads are kept, and no others', () => {
  const selectors = [
    { matchLabels: { env: 'prod', tier: 'web' } },
    { matchExpressions: [{ key: 'team', operator: 'Exists' }] },
    {},
  ]
  const all = registries(...selectors.map((selector) => ({ selector })))
  assert.deepEqual([...createTargets(config({ registries: all })).namespaceLabels], ['env', 'tier', 'team'])
})

test('retire removes everything, also in the helper’s own namespace', () => {
  const targets = createTargets(config({ retire: true }))
  assert.deepEqual(
    ['shop', 'home'].map((name) => targets.registriesOf(namespace(name)).length),
    [0, 0],
  )
})

test('scope namespaces serves the listed ones', () => {
  const namespaces = { include: ['shop', 'cart', 'kube-system'], exclude: ['kube-*'], selector: {} }
  const targets = createTargets(
    config({ scope: 'namespaces', targets: { namespaces, serviceAccounts: { include: ['*'], exclude: [] } } }),
  )
  assert.deepEqual(targets.listedNamespaces, ['cart', 'shop'])
})
