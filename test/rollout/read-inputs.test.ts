import assert from 'node:assert/strict'
import { test } from 'node:test'
import { INPUTS, type InputName } from '../../src/rollout/inputs/input-table.ts'
import { readInputs } from '../../src/rollout/inputs/read-inputs.ts'

function read(given: Partial<Record<InputName, string>>): ReturnType<typeof readInputs> {
  return readInputs((name) => given[name])
}

test('without inputs every input has its default, read by its kind', () => {
  const inputs = read({})
  assert.deepEqual(
    [inputs.mode, inputs['max-parallel'], inputs.wait, inputs['on-failure'], inputs['values-files'], inputs.timeout],
    ['apply', 4, true, 'stop', [], '5m'],
  )
  assert.deepEqual(Object.keys(inputs).sort(), Object.keys(INPUTS).sort())
})

test('lists are separated by lines or commas, and may contain comments', () => {
  const inputs = read({ 'values-files': 'a.yaml, b.yaml\n# not this\n\n  c.yaml  ' })
  assert.deepEqual(inputs['values-files'], ['a.yaml', 'b.yaml', 'c.yaml'])
})

// The runner uses a default only if the key is absent: src/Runner.Worker/ActionRunner.cs of
// actions/runner.
test('an input `cluster` that is given but names nothing, such as an expression with a typing error, is refused', () => {
  for (const text of ['', ' ', ' , ', '\n', '# nothing']) {
    assert.throws(() => read({ cluster: text }), {
      code: 'INPUT_INVALID',
      message: `cluster: "${text.replace('\n', '\\n')}" names nothing`,
      hint: /`matrix\.name`; for all entries leave `cluster` out\.$/,
    })
  }
  assert.deepEqual(read({}).cluster, ['*'])
  assert.deepEqual(read({ cluster: 'a, b' }).cluster, ['a', 'b'])
})

test('the limits of a login, of which an expression left only separators, are refused and never mean everything', () => {
  for (const name of ['repositories', 'registries'] as const) {
    for (const text of [',', ' , \n,', '# shop/web']) {
      const login = { mode: 'login', registry: 'cri-abc', region: 'cn-hangzhou', [name]: text }
      assert.throws(() => read(login), { code: 'INPUT_INVALID', message: /names nothing$/ })
    }
    // The runner passes '' for an input that the workflow does not set.
    assert.deepEqual(read({ mode: 'login', [name]: '' })[name], [])
  }
})

test('a block of YAML keeps the indentation of its first line', () => {
  const block = '\n  - name: a\n    wave: 1\n  - name: b\n'
  assert.equal(read({ clusters: block }).clusters, '  - name: a\n    wave: 1\n  - name: b')
  assert.equal(read({ values: '   \r\n  a: 1\r\n  b: 2  \n\n' }).values, '  a: 1\r\n  b: 2')
  assert.equal(read({ values: '\ufeffa: 1\nb: 2' }).values, 'a: 1\nb: 2')
  assert.equal(read({ values: ' \n\t\n  a: 1\n  b: 2' }).values, '  a: 1\n  b: 2')
  assert.equal(read({ release: '  mine  ' }).release, 'mine')
  assert.equal(read({ values: ' \n ' }).values, '')
})

test('booleans are YAML 1.2 words and nothing else', () => {
  assert.equal(read({ wait: 'False' }).wait, false)
  for (const text of ['yes', '0', 'off', 'no']) {
    assert.throws(() => read({ wait: text }), {
      code: 'INPUT_INVALID',
      message: `wait: "${text}" is neither true nor false`,
    })
  }
})

test('region is accepted together with kubeconfig, because it also selects the address of STS', () => {
  const { region, kubeconfig } = read({ region: 'cn-hangzhou', kubeconfig: 'y' })
  assert.deepEqual([region, kubeconfig], ['cn-hangzhou', 'y'])
})

test('false in another spelling is no conflict', () => {
  const given = { 'private-endpoint': 'False', kubeconfig: 'y' }
  assert.equal(read(given)['private-endpoint'], false)
})

const refused: readonly [Partial<Record<InputName, string>>, string, RegExp][] = [
  [{ 'max-parallel': '0' }, 'INPUT_INVALID', /max-parallel: "0" is not a whole number from 1 to 64/],
  [{ 'max-parallel': '2.5' }, 'INPUT_INVALID', /not a whole number/],
  [{ mode: 'deploy' }, 'INPUT_INVALID', /mode: "deploy" is not one of validate, plan, apply, uninstall/],
  [{ timeout: '5 minutes' }, 'INPUT_INVALID', /timeout: "5 minutes" is not a duration/],
  [{ timeout: '0s' }, 'INPUT_INVALID', /timeout: "0s" is not a duration from 1s to 24h/],
  [{ timeout: '9999999999h' }, 'INPUT_INVALID', /timeout: "9999999999h" is not a duration from 1s to 24h/],
  [{ clusters: 'x', 'clusters-file': 'y' }, 'INPUT_CONFLICT', /clusters and clusters-file exclude each other/],
  [{ 'clusters-file': 'x', kubeconfig: 'y' }, 'INPUT_CONFLICT', /clusters-file and kubeconfig exclude each other/],
  [{ 'ack-cluster-id': 'c1', kubeconfig: 'y' }, 'INPUT_CONFLICT', /ack-cluster-id and kubeconfig exclude each other/],
  [{ 'private-endpoint': 'true', kubeconfig: 'y' }, 'INPUT_CONFLICT', /private-endpoint and kubeconfig exclude/],
  [{ 'ack-cluster-id': 'c1', 'kube-context': 'y' }, 'INPUT_CONFLICT', /kube-context and ack-cluster-id exclude/],
  [{ chart: './chart', 'chart-version': '1' }, 'INPUT_CONFLICT', /chart-version needs a chart that starts with oci/],
  [{ 'role-to-assume': 'acs:ram::1:role/x' }, 'INPUT_MISSING', /`role-to-assume` needs `oidc-provider-arn`/],
  [{ 'verify-image': 'x', verify: 'false' }, 'INPUT_CONFLICT', /verify-image and verify: false exclude each other/],
  [{ 'verify-image': 'x', wait: 'false' }, 'INPUT_CONFLICT', /verify-image and wait: false exclude each other/],
  [
    { 'verify-image': 'https://u:pw@r.example/a' },
    'INPUT_INVALID',
    /^verify-image: "https:\/\/\(redacted\)@r\.example\/a" is not the name of an image$/,
  ],
  [
    { 'verify-image': 'r.example/A:1' },
    'INPUT_INVALID',
    /^verify-image: "r\.example\/A:1" is not the name of an image$/,
  ],
  [{ 'verify-image': 'r.example/a:' }, 'INPUT_INVALID', /^verify-image: "r\.example\/a:" is not the name of an image$/],
  [{ 'verify-namespace': 'x', verify: 'false' }, 'INPUT_CONFLICT', /verify-namespace and verify: false exclude/],
  [{ 'verify-namespace': 'x', wait: 'false' }, 'INPUT_CONFLICT', /verify-namespace and wait: false exclude/],
  [{ 'verify-namespace': 'a/b' }, 'INPUT_INVALID', /verify-namespace: "a\/b" is not the name of a namespace/],
  [{ namespace: 'Team' }, 'INPUT_INVALID', /^namespace: "Team" is not the name of a namespace/],
  [{ namespace: 'n'.repeat(64) }, 'INPUT_INVALID', /^namespace: /],
  [{ release: 'Team' }, 'INPUT_INVALID', /^release: "Team" is not the name of a release/],
  [{ release: '--debug' }, 'INPUT_INVALID', /^release: "--debug" is not the name of a release/],
  [{ release: 'r'.repeat(54) }, 'INPUT_INVALID', /^release: /],
  [{ 'plan-file': 'x', mode: 'validate' }, 'INPUT_CONFLICT', /plan-file and mode: validate exclude each other/],
  [{ push: 'true' }, 'INPUT_CONFLICT', /push and mode: apply exclude each other/],
  [{ mode: 'login', clusters: 'x' }, 'INPUT_CONFLICT', /clusters and mode: login exclude each other/],
  [{ mode: 'login', verify: 'false' }, 'INPUT_CONFLICT', /verify and mode: login exclude each other/],
  [{ mode: 'login', 'expires-in-hours': '25' }, 'INPUT_INVALID', /not a whole number from 0 to 24/],
  [{ mode: 'login', 'min-life': '30 min' }, 'INPUT_INVALID', /min-life: "30 min" is not a duration/],
  [{ 'fail-on': 'drift' }, 'INPUT_CONFLICT', /^fail-on and mode: apply exclude each other/],
  [{ mode: 'login', 'fail-on': 'drift' }, 'INPUT_CONFLICT', /^fail-on and mode: login exclude each other/],
  [{ mode: 'check', registry: 'cri-1' }, 'INPUT_CONFLICT', /^registry and mode: check exclude each other/],
  [{ mode: 'check', 'plan-file': 'x' }, 'INPUT_CONFLICT', /^plan-file and mode: check exclude each other/],
  [{ timeout: '24h1s' }, 'INPUT_INVALID', /timeout: "24h1s" is not a duration from 1s to 24h/],
  [{ timeout: '999ms' }, 'INPUT_INVALID', /timeout: "999ms" is not a duration from 1s to 24h/],
  [{ 'max-parallel': '65' }, 'INPUT_INVALID', /max-parallel: "65" is not a whole number from 1 to 64/],
  [{ 'max-parallel': '+4' }, 'INPUT_INVALID', /not a whole number/],
  [{ 'role-session-name': 'a' }, 'INPUT_INVALID', /^role-session-name: "a" is not 2 to 64 letters/],
  [{ 'role-session-name': 'a'.repeat(65) }, 'INPUT_INVALID', /^role-session-name: /],
  [{ 'role-session-name': 'a b' }, 'INPUT_INVALID', /^role-session-name: /],
  [{ release: 'a-' }, 'INPUT_INVALID', /^release: "a-" is not the name of a release/],
  [{ region: 'cn-hangzho', kubeconfig: 'k' }, 'INPUT_INVALID', /^region: Alibaba Cloud has no region "cn-hangzho"$/],
  [{ chart: 'oci', 'chart-version': '1' }, 'INPUT_CONFLICT', /chart-version needs a chart that starts with oci/],
]

test('a login accepts its own inputs and those about values and credentials; its role needs no OIDC provider', () => {
  const given = { mode: 'login', registry: 'cri-1', region: 'cn-hangzhou', 'role-to-assume': 'acs:ram::1:role/x' }
  const inputs = read({ ...given, repositories: 'a/b,a/c', values: 'a: 1', 'session-duration': '7200' })
  assert.deepEqual(
    [inputs.repositories, inputs.network, inputs.config, inputs['min-life'], inputs['expires-in-hours'], inputs.push],
    [['a/b', 'a/c'], 'all', 'merge', '30m', 0, false],
  )
})

test('the limits of each input belong to it', () => {
  const names = { release: 'r'.repeat(53), namespace: 'n'.repeat(63), 'verify-namespace': 'v'.repeat(63) }
  const given = { ...names, timeout: '1s', 'max-parallel': '64', 'role-session-name': 'A.b@_-9' }
  const inputs = read(given)
  assert.deepEqual(
    [inputs.release, inputs.namespace, inputs['verify-namespace'], inputs.timeout, inputs['max-parallel']],
    [names.release, names.namespace, names['verify-namespace'], '1s', 64],
  )
  assert.equal(inputs['role-session-name'], 'A.b@_-9')
  assert.equal(read({ 'role-session-name': 'a'.repeat(64) })['role-session-name'].length, 64)
  assert.equal(read({ timeout: '24h', 'max-parallel': '1', 'role-session-name': 'ab', release: 'a' }).timeout, '24h')
  for (const [text, value] of [
    ['true', true],
    ['True', true],
    ['TRUE', true],
    ['false', false],
    ['FALSE', false],
  ] as const) {
    assert.equal(read({ wait: text }).wait, value)
  }
})

test('inputs of a mode are accepted in that mode', () => {
  const check = { mode: 'check', 'fail-on': 'drift', horizon: '2h' }
  const { horizon, 'fail-on': failOn } = read(check)
  assert.deepEqual([failOn, horizon], ['drift', '2h'])
  for (const mode of ['plan', 'apply']) assert.equal(read({ mode, 'plan-file': 'p' })['plan-file'], 'p')
  const oidc = { 'role-to-assume': 'acs:ram::1:role/x', 'oidc-provider-arn': 'acs:ram::1:oidc-provider/g' }
  assert.equal(read(oidc)['role-to-assume'], oidc['role-to-assume'])
  const chart = { chart: 'oci://r/acr-nopass', 'chart-version': '1.0.0' }
  assert.equal(read(chart)['chart-version'], '1.0.0')
  const verified = { 'verify-image': 'i', 'verify-namespace': 'n' }
  assert.equal(read(verified)['verify-image'], 'i')
})

test('a region that Alibaba Cloud does not have needs the endpoints of another cloud', () => {
  const given = { region: 'my-region', kubeconfig: 'k' }
  assert.throws(() => read(given), { code: 'INPUT_INVALID', hint: /`endpoints`/ })
  assert.equal(read({ ...given, endpoints: 'ram: https://ram.example' }).region, 'my-region')
})

test('a list and each input for one cluster exclude each other, and the fix is the entry of the list', () => {
  const single: Partial<Record<InputName, string>> = {
    name: 'a',
    'ack-cluster-id': 'c1',
    region: 'cn-hangzhou',
    'private-endpoint': 'true',
    kubeconfig: 'k',
    'kube-context': 'x',
    'worker-roles': 'r',
  }
  for (const [name, value] of Object.entries(single)) {
    for (const list of ['clusters', 'clusters-file']) {
      assert.throws(() => read({ [list]: 'x', [name]: value }), {
        code: 'INPUT_CONFLICT',
        message: `${list} and ${name} exclude each other`,
        hint: new RegExp(`^Put ${name} into the entry of the list`),
      })
    }
  }
})

for (const [given, code, message] of refused) {
  test(`rejected with its fix: ${Object.entries(given)
    .map((pair) => pair.join(': '))
    .join(', ')}`, () => {
    assert.throws(() => read(given), { code, message })
  })
}
