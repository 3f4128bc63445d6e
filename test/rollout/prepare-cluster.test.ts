import assert from 'node:assert/strict'
import { resolve } from 'node:path'
import { test } from 'node:test'
import { NopassError } from '../../src/errors.ts'
import type { InputName } from '../../src/rollout/inputs/input-table.ts'
import { loadSettings } from '../../src/rollout/inputs/load-settings.ts'
import { prepareClusters, uniqueErrors } from '../../src/rollout/inputs/prepare-cluster.ts'
import { readInputs } from '../../src/rollout/inputs/read-inputs.ts'

type Given = Partial<Record<InputName, string>>

const root = resolve(import.meta.dirname, '..', '..')
const REGISTRY =
  'registries: [{ name: prod, edition: enterprise, instanceId: cri-k7x2m9q4w1t8z5h3, region: cn-hangzhou }]\n'
const ARNS =
  '{ roleArn: acs:ram::1427736501988243:role/helper, oidcProviderArn: acs:ram::1427736501988243:oidc-provider/own }'
const IDENTITY = {
  'worker-role': 'identity: { type: worker-role }\n',
  rrsa: `identity: { type: rrsa, rrsa: ${ARNS} }\n`,
  'access-key': 'identity: { type: access-key, accessKey: { existingSecret: ram-key } }\n',
} as const
const ACK = { 'ack-cluster-id': 'c0123456789', region: 'cn-hangzhou' }

function prepare(given: Given, change: { readonly ours?: boolean } = {}) {
  const { settings, errors } = loadSettings(
    readInputs((name) => given[name]),
    { environment: {}, workingDirectory: root, chartFolder: resolve(root, 'chart') },
  )
  assert.ok(settings, errors.join())
  const { ours = true } = change
  return prepareClusters({ ...settings, chart: { ...settings.chart, ours, reference: 'oci://r/platform' } })
}

for (const [access, identity, ram, expected] of [
  [ACK, 'worker-role', 'auto', 'worker-role'],
  [ACK, 'worker-role', 'worker-role', 'worker-role'],
  [ACK, 'worker-role', 'none', 'none'],
  [ACK, 'rrsa', 'auto', 'rrsa'],
  [ACK, 'rrsa', 'rrsa', 'rrsa'],
  [ACK, 'access-key', 'auto', 'none'],
  [ACK, 'access-key', 'none', 'none'],
  [{ kubeconfig: 'k' }, 'worker-role', 'auto', 'worker-role'],
  // Only ACK lists an issuer, so the role of the values is left alone.
  [{ kubeconfig: 'k' }, 'rrsa', 'auto', 'none'],
  [{ kubeconfig: 'k' }, 'rrsa', 'rrsa', 'rrsa'],
  [ACK, 'worker-role', 'rrsa', undefined],
  [ACK, 'rrsa', 'worker-role', undefined],
  [ACK, 'access-key', 'worker-role', undefined],
] as const) {
  const what = 'kubeconfig' in access ? 'a kubeconfig' : 'ACK'
  test(`with ${what}, identity ${identity} and ram: ${ram}, RAM is ${expected ?? 'refused'}`, () => {
    const { clusters, errors, warnings } = prepare({ ...access, values: REGISTRY + IDENTITY[identity], ram })
    if (expected === undefined) {
      assert.deepEqual(
        errors.map(({ code, message, place }) => [code, message, place.cluster]),
        [['RAM_MODE_CONFLICT', `ram is ${ram}, but identity.type of the values is ${identity}`, 'c0123456789']],
      )
      return
    }
    assert.deepEqual([errors, warnings], [[], []])
    assert.deepEqual(
      clusters.map((one) => [one.ram, one.wave, one.values?.identity.type, one.name === one.settings.name]),
      [[expected, 0, identity, true]],
    )
  })
}

test('values for no cluster may lack the ARNs of rrsa, because they may be for a cluster of ACK', () => {
  const values = `${REGISTRY}identity: { type: rrsa }\n`
  const { clusters, errors } = prepare({ mode: 'validate', values })
  assert.deepEqual([clusters.map(({ ram }) => ram), errors], [['rrsa'], []])
  for (const given of [{ kubeconfig: 'k' }, { kubeconfig: 'k', 'kube-context': 'x' }]) {
    assert.deepEqual(
      prepare({ mode: 'validate', values, ...given }).errors.map(({ code }) => code),
      ['SCHEMA_MISSING'],
    )
  }
})

test('an error in the values that is not about the ARNs names no cluster', () => {
  const { errors, clusters } = prepare({ ...ACK, values: `${REGISTRY}identity: { type: worker }\nreplicas: many\n` })
  assert.deepEqual(clusters, [])
  assert.ok(errors.length >= 2)
  for (const { message, place } of errors) {
    assert.doesNotMatch(message, /^cluster /)
    assert.equal(place.file, 'values')
  }
})

test('a rollout without any values says how to give them', () => {
  assert.deepEqual(
    prepare(ACK).errors.map(({ code, message, hint }) => [code, message, hint]),
    [['INPUT_MISSING', 'no values are given', 'Name a values file with `values-files`.']],
  )
})

test("another chart's values are left to its own schema, and to RAM only by what was not asked for", () => {
  const values = 'anything: goes\n'
  for (const ram of ['auto', 'none']) {
    const { clusters, errors } = prepare({ ...ACK, values, ram }, { ours: false })
    assert.deepEqual(errors, [])
    assert.deepEqual(
      clusters.map((one) => [one.ram, one.values, one.warnings]),
      [['none', undefined, []]],
    )
  }
  for (const ram of ['worker-role', 'rrsa']) {
    const { clusters, errors } = prepare({ ...ACK, values, ram }, { ours: false })
    assert.deepEqual(clusters, [])
    assert.deepEqual(
      errors.map(({ code, message }) => [code, message]),
      [['INPUT_CONFLICT', `ram: ${ram} needs the values of our own chart, but oci://r/platform is a different chart`]],
    )
  }
})

const HOST = 'shop-registry.cn-hangzhou.cr.aliyuncs.com'
const NODES = 'helper: { enabled: false }\nnode: { identity: worker-role }\n'
for (const [what, image, more, isRefused] of [
  ['of the registry', `${HOST}/shop/web:1`, {}, false],
  ['on a domain that only the instance may list', 'images.example.com/shop/web:1', {}, false],
  ['of Docker Hub', 'busybox', {}, true],
  ['of another region', 'shop-registry.cn-beijing.cr.aliyuncs.com/shop/web:1', {}, true],
  ['of Docker Hub, without a verification', 'busybox', { values: 'retire: true\n' }, false],
  ['of Docker Hub, in another mode', 'busybox', { mode: 'uninstall', 'ram-cleanup': 'true' }, false],
  ['of the registry, pulled by a node', `${HOST}/shop/web:1`, { values: NODES }, false],
  ['on a domain that no node knows', 'images.example.com/shop/web:1', { values: NODES }, true],
] as const) {
  test(`verify-image ${what} is ${isRefused ? 'refused, because its pull would show nothing' : 'accepted'}`, () => {
    const { values = '', ...inputs }: Given = more
    const own = REGISTRY + IDENTITY['worker-role'] + values
    const { errors } = prepare({ ...ACK, values: own, 'verify-image': image, ...inputs })
    const expected = `verify-image: no registry in the values covers ${image.includes('.') ? image.split('/')[0] : 'docker.io'}, so a pull of ${image} would show nothing`
    assert.deepEqual(
      errors.map(({ code, message, place }) => [code, message, place.cluster]),
      isRefused ? [['INPUT_INVALID', expected, 'c0123456789']] : [],
    )
  })
}

test('an uninstall checks what is given, and needs no values', () => {
  const uninstall = (given: Given) => prepare({ ...ACK, mode: 'uninstall', ...given })
  assert.deepEqual(
    uninstall({ values: REGISTRY + IDENTITY['worker-role'] }).clusters.map(({ ram }) => ram),
    ['none'],
  )
  assert.deepEqual(
    uninstall({ values: REGISTRY + IDENTITY['worker-role'], 'ram-cleanup': 'true' }).clusters.map(({ ram }) => ram),
    ['worker-role'],
  )
  assert.deepEqual(
    uninstall({ values: 'registries: []\n' })
      .errors.map(({ code }) => code)
      .includes('SCHEMA_MISSING'),
    false,
  )
})

test('an error is returned once for each place, and for each cluster if it has no place', () => {
  const at = (place: object, message = 'm') => new NopassError('INPUT_INVALID', message, { place })
  const places = [
    { file: 'a', line: 1, column: 1 },
    { file: 'a', line: 1, column: 2 },
    { file: 'a', line: 2, column: 1 },
  ]
  const inFile = [...places, { ...places[0], file: 'b' }].flatMap((place) =>
    ['x', 'y'].map((cluster) => at({ ...place, cluster })),
  )
  assert.equal(uniqueErrors(inFile).length, 4)
  assert.equal(uniqueErrors([at({ cluster: 'x' }), at({ cluster: 'y' }), at({ cluster: 'x' })]).length, 2)
  assert.equal(uniqueErrors([at({ cluster: 'x' }), at({ cluster: 'x' }, 'other')]).length, 2)
  const [one, two] = [at({}), new NopassError('INPUT_MISSING', 'm')]
  assert.deepEqual(uniqueErrors([one, two]), [one, two])
})
