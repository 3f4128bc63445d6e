import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { ROOT, runBin } from './run-bin.ts'

const BAD = 'test/cli/fixtures/bad.yaml'

test('every example of values is valid', async () => {
  const files = readdirSync(join(ROOT, 'examples/values'))
  assert.ok(files.length >= 8)
  const results = await Promise.all(files.map((file) => runBin(['validate', '-f', `examples/values/${file}`])))
  for (const [index, { code, stdout, stderr }] of results.entries()) {
    assert.deepEqual(
      { code, stdout, stderr },
      { code: 0, stdout: `valid: examples/values/${files[index]}\n`, stderr: '' },
    )
  }
})

test('P11 an invalid file is rejected with every error together: location, what, why, fix', async () => {
  const { code, stdout, stderr } = await runBin(['validate', '-f', BAD])
  assert.equal(code, 2)
  assert.equal(stdout, '')
  assert.equal(stderr, readFileSync(join(import.meta.dirname, 'golden/bad.txt'), 'utf8'))
})

test('P11 -o json reports the same as data', async () => {
  const { code, stdout, stderr } = await runBin(['validate', '-f', BAD, '-o', 'json'])
  assert.equal(code, 2)
  assert.equal(stderr, '')
  const { errors } = JSON.parse(stdout)
  assert.deepEqual(
    errors.map(({ code, line, column, path }: Record<string, unknown>) => [code, line, column, path]),
    [
      ['SCHEMA_UNKNOWN_KEY', 3, 5, 'registries[0].edtion'],
      ['VALUES_REGION', 5, 13, 'registries[0].region'],
      ['SCHEMA_CHOICE', 7, 9, 'identity.type'],
      ['YAML_AMBIGUOUS', 8, 9, null],
      ['VALUES_SECRET_NAME', 9, 13, 'secretName'],
    ],
  )
  assert.deepEqual(errors[2], {
    code: 'SCHEMA_CHOICE',
    message: '`identity.type` is "worker-roll"; expected one of rrsa, worker-role, access-key',
    file: BAD,
    line: 7,
    column: 9,
    path: 'identity.type',
    value: '"worker-roll"',
    expected: 'rrsa, worker-role, access-key',
    hint: 'Did you mean worker-role?',
  })
  const text = await runBin(['validate', '-f', BAD])
  for (const { message, hint } of errors) assert.ok(text.stderr.includes(message) && text.stderr.includes(hint))
})

test('a field that Kubernetes does not have is a warning with its location, and the values are valid', async () => {
  const values = `identity: { type: worker-role }
registries: [{ name: a, edition: enterprise, instanceId: cri-abc123, region: cn-hangzhou }]
affinity:
  podAffinty: {}
`
  const text = await runBin(['validate', '-f', '-'], { input: values })
  assert.deepEqual([text.code, text.stdout], [0, 'valid: -\n'])
  const [place, fix, count] = text.stderr.split('\n')
  assert.equal(place, '-:4:3: VALUES_UNKNOWN_FIELD: Kubernetes 1.37 has no field `podAffinty` in `affinity`')
  assert.equal(fix, '  fix: Did you mean `podAffinity`? Keep it only if the Kubernetes of your cluster has the field.')
  assert.equal(count, '1 warning')
  const json = await runBin(['validate', '-o', 'json', '-f', '-'], { input: values })
  const { errors, warnings } = JSON.parse(json.stdout)
  assert.deepEqual([json.code, json.stderr, errors], [0, '', []])
  assert.deepEqual(
    warnings.map(({ code, line, column, path }: Record<string, unknown>) => [code, line, column, path]),
    [['VALUES_UNKNOWN_FIELD', 4, 3, 'affinity.podAffinty']],
  )
  const both = await runBin(['validate', '-o', 'json', '-f', '-'], { input: `${values}attach: never\n` })
  const found = JSON.parse(both.stdout)
  assert.deepEqual([both.code, found.errors.length, found.warnings.length], [2, 1, 1])
})

test('files are merged in their order, and inline values come last', async () => {
  const broken = ['--inline-values', 'attach: never']
  const fixed = ['--inline-values', '{ identity: { type: worker-role }, attach: both, secretName: acr-nopass }']
  const registries = 'examples/values/enterprise-worker-role.yaml'
  const refused = await runBin(['validate', '-f', registries, ...broken])
  assert.equal(refused.code, 2)
  assert.match(refused.stderr, /^values:1:9: SCHEMA_CHOICE: `attach` is "never"; .*\n1 error\n$/s)
  const accepted = await runBin(['validate', '-f', registries, ...fixed])
  assert.deepEqual([accepted.code, accepted.stderr], [0, ''])
})

test('rrsa without its ARNs is valid if no cluster is named, and a note explains what writes them', async () => {
  const input = `identity: { type: rrsa }
region: cn-hangzhou
registries: [{ name: a, edition: enterprise, instanceId: cri-abc123, region: cn-hangzhou }]
`
  const { code, stdout, stderr } = await runBin(['validate', '-f', '-'], { input })
  assert.deepEqual([code, stdout], [0, 'valid: -\n'])
  assert.match(
    stderr,
    /^note: identity\.rrsa is not complete; .*fill it in for a cluster of ACK\. .*roleArn and oidcProviderArn\.\n$/,
  )
  const json = await runBin(['validate', '-o', 'json', '-f', '-'], { input })
  assert.deepEqual(JSON.parse(json.stdout), { errors: [], notes: [stderr.slice('note: '.length, -1)] })
  const clusters = '{ name: home, kubeconfig: { file: home.yaml } }'
  const folder = await mkdtemp(join(tmpdir(), 'acr-nopass-validate-'))
  try {
    await writeFile(join(folder, 'clusters.yaml'), `- ${clusters}\n`)
    await writeFile(join(folder, 'home.yaml'), '')
    const own = await runBin(['validate', '-f', '-', '--clusters-file', 'clusters.yaml'], { input, cwd: folder })
    assert.equal(own.code, 2)
    assert.match(own.stderr, /SCHEMA_MISSING: cluster home: `rrsa` is missing in `identity`/)
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('a list of clusters is checked with the values of each, offline', async () => {
  const shared = ['-f', 'examples/values/enterprise-worker-role.yaml']
  const good = await runBin(['validate', ...shared, '--clusters-file', 'examples/clusters/waves.yaml'])
  assert.deepEqual([good.code, good.stderr], [0, ''])
  assert.equal(
    good.stdout,
    'valid: examples/values/enterprise-worker-role.yaml, examples/clusters/waves.yaml (3 clusters)\n',
  )
  const bad = await runBin(['validate', ...shared, '--clusters-file', 'test/cli/fixtures/bad-clusters.yaml'])
  assert.equal(bad.code, 2)
  assert.match(bad.stderr, /^test\/cli\/fixtures\/bad-clusters.yaml:3:9: CLUSTERS_NAME_TWICE: /)
  assert.match(bad.stderr, /\ntest\/cli\/fixtures\/bad-clusters.yaml:4:9: SCHEMA_TYPE: .*\n2 errors\n$/s)
})

test('a folder in place of a file is refused with the reason', async () => {
  const { code, stderr } = await runBin(['validate', '-f', 'examples'])
  assert.equal(code, 2)
  assert.match(stderr, /^examples: INPUT_INVALID: -f: examples cannot be read \(EISDIR\)\n {2}fix: Name a file/)
})

test('a file that does not exist is named', async () => {
  const { code, stderr } = await runBin(['validate', '-f', 'absent.yaml'])
  assert.equal(code, 2)
  assert.match(stderr, /^absent.yaml: INPUT_INVALID: -f: absent.yaml does not exist\n {2}fix: /)
})

test('an instance of the new Personal Edition is one error, which names the alternative', async () => {
  const registry = '{ name: a, instanceId: crpi-abc123, region: cn-hangzhou, edition: '
  const values = `identity: { type: worker-role }\nregistries:\n  - ${registry}enterprise }\n  - ${registry.replace(' a', ' b')}personal }\n`
  const { code, stdout } = await runBin(['validate', '-o', 'json', '-f', '-'], { input: values })
  const { errors } = JSON.parse(stdout) as { errors: { code: string; line: number; hint: string }[] }
  assert.equal(code, 2)
  assert.deepEqual(
    errors.map((error) => [error.code, error.line, /Use `edition: static`/.test(error.hint)]),
    [
      ['SCHEMA_FORM', 3, true],
      ['SCHEMA_FORM', 4, true],
    ],
  )
})

test('for keys that other charts use, the fix names our key', async () => {
  const values = 'identity: { type: worker-role }\nregion: cn-hangzhou\nreplicaCount: 2\n'
  const { stderr } = await runBin(['validate', '-f', '-'], { input: values })
  assert.match(stderr, /SCHEMA_UNKNOWN_KEY: there is no key `replicaCount`[\s\S]*fix: Did you mean `replicas`\?/)
})

test('without anything to validate the command fails instead of reporting success', async () => {
  const { code, stderr } = await runBin(['validate'])
  assert.deepEqual([code, stderr.split('\n')[0]], [2, 'INPUT_MISSING: nothing to validate'])
})

test('values for another chart are never called valid, because nothing of them is checked', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'acr-nopass-validate-'))
  try {
    await writeFile(join(folder, 'broken.yaml'), 'a: [b\n\t: x: {')
    await writeFile(join(folder, 'home.yaml'), '')
    await writeFile(join(folder, 'clusters.yaml'), '- { name: home, kubeconfig: { file: home.yaml } }\n')
    const other = ['-f', 'broken.yaml', '--chart', 'oci://r.example/charts/umbrella']
    const why =
      'the values were not checked: oci://r.example/charts/umbrella is not the chart of acr-nopass, and only helm checks the schema of another chart'
    const alone = await runBin(['validate', ...other], { cwd: folder })
    assert.deepEqual([alone.code, alone.stdout], [2, ''])
    assert.ok(alone.stderr.includes(`INPUT_MISSING: nothing to validate: ${why}`), alone.stderr)
    const beside = ['validate', ...other, '--clusters-file', 'clusters.yaml']
    assert.deepEqual(await runBin(beside, { cwd: folder }), {
      code: 0,
      stdout: 'valid: clusters.yaml (1 cluster)\n',
      stderr: `note: ${why}\n`,
    })
    const json = await runBin([...beside, '-o', 'json'], { cwd: folder })
    assert.deepEqual(JSON.parse(json.stdout), { errors: [], notes: [why] })
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('P13 validate refuses a limit that is too long for a session, and warns where only a union is', async () => {
  const entry = (name: string, count: number): string => {
    const repositories = Array.from({ length: count }, (_, index) => `${name}/r${index}`)
    const where = { edition: 'enterprise', instanceId: 'cri-0123456789abcdef', region: 'cn-hangzhou' }
    return `  - ${JSON.stringify({ name, ...where, limit: 'repositories', repositories })}`
  }
  const values = (...entries: string[]): string =>
    ['identity: { type: rrsa }', 'registries:', ...entries, ''].join('\n')
  const alone = await runBin(['validate', '-f', '-'], { input: values(entry('a', 60)) })
  assert.deepEqual([alone.code, alone.stdout], [2, ''])
  assert.match(alone.stderr, /^-:3:\d+: SESSION_POLICY_LONG: the `repositories` of a make a session policy of \d+ char/)
  const both = await runBin(['validate', '-f', '-'], { input: values(entry('a', 20), entry('b', 20)) })
  assert.deepEqual([both.code, both.stdout], [0, 'valid: -\n'])
  assert.match(
    both.stderr,
    /^-:3:\d+: SESSION_POLICY_LONG: a and 1 other limited entries can target the same namespace/,
  )
})
