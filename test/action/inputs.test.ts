import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { test } from 'node:test'
import { parse } from 'yaml'
import { refuseUnknown } from '../../action/guard-inputs.ts'
import { INPUTS } from '../../src/rollout/inputs/input-table.ts'
import { runAction } from './support/run-action.ts'

const root = resolve(import.meta.dirname, '..', '..')
const GOOD = `registries:
  - name: prod
    edition: enterprise
    instanceId: cri-k7x2m9q4w1t8z5h3
    region: cn-hangzhou
identity:
  type: worker-role
`

async function workspace(
  files: Readonly<Record<string, string>>,
): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'acr-nopass-workspace-'))
  for (const [name, text] of Object.entries(files)) await writeFile(join(path, name), text)
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}

test('action.yml declares exactly the inputs of the table, each with its default', async () => {
  const { inputs, runs } = parse(await readFile(join(root, 'action.yml'), 'utf8'))
  const declared = Object.fromEntries(
    Object.entries<{ default: string }>(inputs).map(([name, { default: value }]) => [name, value]),
  )
  assert.deepEqual(declared, Object.fromEntries(Object.entries(INPUTS).map(([name, spec]) => [name, spec.default])))
  assert.deepEqual(runs, {
    using: 'node24',
    main: 'action/dist/main.js',
    post: 'action/dist/post.js',
    'post-if': 'always()',
  })
})

test('a variable of the job that only starts like an input is not one; a typo of an input is rejected', () => {
  refuseUnknown({ INPUT_DIR: 'x', INPUT_FILES: 'y', INPUT_VALUES: 'z', 'INPUT_VALUES-FILES': 'v' })
  assert.throws(() => refuseUnknown({ 'INPUT_VALUE-FILES': 'v' }), {
    code: 'INPUT_INVALID',
    message: 'there is no input value-files',
    hint: 'Did you mean `values-files`?',
  })
})

test('valid values pass without a helm, cluster or credential', async () => {
  await using folder = await workspace({ 'values.yaml': GOOD })
  const run = await runAction({
    inputs: { mode: 'validate', 'values-files': 'values.yaml' },
    workspace: folder.path,
    temp: folder.path,
  })
  assert.deepEqual(
    { code: run.code, annotations: run.annotations, stderr: run.stderr },
    { code: 0, annotations: [], stderr: '' },
  )
  assert.equal(run.summary, '### acr-nopass validate: valid\n')
})

test('P11 every values error is an annotation at its file, line and column with its fix', async () => {
  const bad = GOOD.replace('edition: enterprise', 'edition: entreprise').replace(
    'type: worker-role',
    'type: worker-role\n  kind: x',
  )
  await using folder = await workspace({ 'values.yaml': bad })
  const run = await runAction({
    inputs: { mode: 'validate', 'values-files': 'values.yaml' },
    workspace: folder.path,
    temp: folder.path,
  })
  assert.equal(run.code, 1)
  const locations = run.annotations
    .filter(({ file }) => file !== undefined)
    .map(({ file, line, col }) => [file, line, col])
  assert.deepEqual(locations, [
    ['values.yaml', '3', '14'],
    ['values.yaml', '8', '3'],
  ])
  assert.ok(run.annotations.slice(0, 2).every(({ message }) => message.includes('\nFix: ')))
  assert.equal(run.annotations.at(-1)?.message, '2 errors; nothing was started')
  assert.match(run.summary, /\| values\.yaml:3:14 \| SCHEMA_/)
})

const refusals: readonly {
  readonly name: string
  readonly inputs: Readonly<Record<string, string>>
  readonly env?: Readonly<Record<string, string>>
  readonly title: string
  readonly message: RegExp
}[] = [
  {
    name: 'a misspelled input, with the most likely name',
    inputs: { 'value-files': 'values.yaml' },
    title: 'INPUT_INVALID',
    message: /there is no input value-files\nFix: Did you mean `values-files`\?/,
  },
  {
    name: 'both a list and a single cluster',
    inputs: { clusters: '- name: a', 'ack-cluster-id': 'c1' },
    title: 'INPUT_CONFLICT',
    message: /clusters and ack-cluster-id exclude each other/,
  },
  {
    name: 'a rollout without a cluster',
    inputs: { values: GOOD },
    title: 'INPUT_MISSING',
    message: /no cluster is given\nFix: .*The ambient kubeconfig is never used/,
  },
  {
    name: 'an apply on a pull request',
    inputs: { values: GOOD, kubeconfig: 'x' },
    env: { GITHUB_EVENT_NAME: 'pull_request_target' },
    title: 'PULL_REQUEST_REFUSED',
    message: /mode apply does not run on the event pull_request_target/,
  },
  {
    name: 'an uninstall without its confirmation',
    inputs: { mode: 'uninstall', values: GOOD, kubeconfig: 'x' },
    title: 'INPUT_CONFIRM',
    message: /an uninstall needs confirm: acr-nopass\/1/,
  },
  {
    name: 'an identity that contradicts ram',
    inputs: { mode: 'validate', values: GOOD, ram: 'rrsa' },
    title: 'RAM_MODE_CONFLICT',
    message: /ram is rrsa, but identity\.type of the values is worker-role/,
  },
  {
    name: 'a runner without helm',
    inputs: { values: GOOD, kubeconfig: 'x' },
    env: { PATH: '/nowhere' },
    title: 'HELM_NOT_FOUND',
    message: /no `helm` on PATH/,
  },
  {
    name: "Helm's records in a database",
    inputs: { values: GOOD, kubeconfig: 'x' },
    env: { HELM_DRIVER: 'sql' },
    title: 'HELM_DRIVER',
    message: /^HELM_DRIVER=sql says where Helm keeps its records: .*\nFix: Unset `HELM_DRIVER`/,
  },
]

for (const { name, inputs, env, title, message } of refusals) {
  test(`rejected before the run starts: ${name}`, async () => {
    const run = await runAction({ inputs, ...(env && { env }) })
    await rm(run.temp, { recursive: true, force: true })
    assert.equal(run.code, 1)
    assert.equal(run.annotations[0]?.title, title)
    assert.match(run.annotations[0]?.message ?? '', message)
    assert.equal(run.stderr, '')
  })
}

test('P6 a rejected run leaves no file behind', async () => {
  await using folder = await workspace({})
  await runAction({
    inputs: { values: GOOD, kubeconfig: 'x' },
    env: { PATH: '/nowhere' },
    workspace: folder.path,
    temp: folder.path,
  })
  assert.deepEqual(
    (await readdir(folder.path)).filter((name) => !name.startsWith('_runner')),
    [],
  )
})

test('the bundle stays small: the part that every start reads, and the whole bundle', async () => {
  const dist = join(root, 'action', 'dist')
  const entries = await readdir(dist, { recursive: true, withFileTypes: true })
  const sizes = await Promise.all(
    entries
      .filter((entry) => entry.isFile() && entry.name.endsWith('.js'))
      .map(async (entry) => (await readFile(join(entry.parentPath, entry.name))).length),
  )
  const main = await readFile(join(dist, 'main.js'), 'utf8')
  const eager = await Promise.all(
    [...main.matchAll(/from"(\.\/chunks\/[^"]+)"/g)].map(
      async ([, file = '']) => (await readFile(join(dist, file))).length,
    ),
  )
  const start = main.length + eager.reduce((sum, size) => sum + size, 0)
  assert.ok(start < 250 * 1024, `${start} bytes are read at start`)
  const total = sizes.reduce((sum, size) => sum + size, 0)
  assert.ok(total < 2 * 1024 * 1024, `${total} bytes in all`)
})
