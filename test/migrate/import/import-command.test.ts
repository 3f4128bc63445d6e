import assert from 'node:assert/strict'
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { parse } from 'yaml'
import { type BinResult, ROOT, runBin } from '../../cli/run-bin.ts'

const EXAMPLES = join(ROOT, 'examples/migrate')
let folder: string
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'acr-nopass-import-'))
  await cp(EXAMPLES, folder, { recursive: true })
})
after(() => rm(folder, { recursive: true }))

const run = (...args: string[]): Promise<BinResult> => runBin(['import', ...args], { cwd: folder })

async function file(name: string, text: string): Promise<string> {
  await writeFile(join(folder, name), text)
  return name
}

test('import writes the example of the documentation', async () => {
  const { code, stdout, stderr } = await run('-f', 'acr-configuration.yaml', '--region', 'cn-hangzhou')
  assert.equal(code, 0, stderr)
  if (process.env.UPDATE_GOLDEN) await writeFile(join(EXAMPLES, 'values.yaml'), stdout)
  assert.equal(stdout, await readFile(join(EXAMPLES, 'values.yaml'), 'utf8'))
  assert.match(stderr, /^todo: The RAM role of the nodes needs the rights to pull/)
})

test('the imported values are valid', async () => {
  assert.equal((await run('-f', 'addon.json', '--to', 'valid.yaml')).code, 0)
  const { code, stdout } = await runBin(['validate', '-f', 'valid.yaml'], { cwd: folder })
  assert.deepEqual([code, stdout], [0, 'valid: valid.yaml\n'])
})

test('an existing file is overwritten only with --force', async () => {
  const name = await file('mine.yaml', 'mine\n')
  const refused = await run('-f', 'addon.json', '--to', name)
  assert.deepEqual([refused.code, refused.stdout], [2, ''])
  assert.match(refused.stderr, /IMPORT_FILE_EXISTS: mine\.yaml already exists/)
  assert.equal(await readFile(join(folder, name), 'utf8'), 'mine\n')
  assert.equal((await run('-f', 'addon.json', '--to', name, '--force')).code, 0)
  assert.match(await readFile(join(folder, name), 'utf8'), /^# Values of acr-nopass/)
})

test('-o json contains the values, the notes and the steps', async () => {
  const { code, stdout, stderr } = await run('-f', 'addon.json', '--region', 'cn-hangzhou', '-o', 'json')
  assert.deepEqual([code, stderr], [0, ''])
  const { file: to, values, notes, steps } = JSON.parse(stdout)
  assert.equal(to, null)
  assert.deepEqual(parse(values).targets, { namespaces: { include: ['*'] }, serviceAccounts: { include: ['default'] } })
  assert.deepEqual(
    notes.map(({ kind }: { kind: string }) => kind),
    ['todo', 'changed', 'dropped'],
  )
  assert.ok(steps.length > 4)
})

/** The same two settings in each form that people use. */
const CONFIG = { AcrInstanceInfo: [{ instanceId: 'cri-one', regionId: 'cn-hangzhou' }], watchNamespace: 'shop' }
const DATA = { 'watch-namespace': 'shop', 'acr-registry-info': '- { instanceId: cri-one, regionId: cn-hangzhou }' }
const META = { name: 'acr-configuration', namespace: 'kube-system' }
const ADDON = { name: 'managed-aliyun-acr-credential-helper', state: 'active' }
const FORMS: Readonly<Record<string, unknown>> = {
  'the ConfigMap': { apiVersion: 'v1', kind: 'ConfigMap', metadata: META, data: DATA },
  'a List with it': { apiVersion: 'v1', kind: 'List', items: [{ kind: 'ConfigMap', metadata: META, data: DATA }] },
  'a ConfigMapList': { kind: 'ConfigMapList', items: [{ metadata: META, data: DATA }] },
  'its data': { data: DATA },
  'the content below data': DATA,
  'the body of InstallClusterAddons': [
    { name: 'csi-plugin', config: '' },
    { ...ADDON, config: JSON.stringify(CONFIG) },
  ],
  'the response of DescribeClusterAddonInstance': { ...ADDON, config: JSON.stringify(CONFIG) },
  'a config that is not a text': { ...ADDON, config: CONFIG },
  'the config itself': CONFIG,
  'the config with a list in a text': { ...CONFIG, AcrInstanceInfo: JSON.stringify(CONFIG.AcrInstanceInfo) },
  'capitals as on the page of parameters': {
    AcrInstanceInfo: [{ InstanceId: 'cri-one', RegionId: 'cn-hangzhou' }],
    WatchNamespace: 'shop',
  },
}
for (const [form, value] of Object.entries(FORMS)) {
  test(`import reads ${form}`, async () => {
    const { code, stdout, stderr } = await run('-f', await file('form.json', JSON.stringify(value)))
    assert.equal(code, 0, stderr)
    const { registries, targets } = parse(stdout)
    assert.deepEqual(registries, [
      { name: 'cri-one', edition: 'enterprise', instanceId: 'cri-one', region: 'cn-hangzhou' },
    ])
    assert.deepEqual(targets.namespaces, { include: ['shop'] })
  })
}

test('P6 only the name of a Secret in a file is used', async () => {
  const secret = (name: string): string =>
    `apiVersion: v1\nkind: Secret\nmetadata: { name: ${name}, namespace: shop }\ndata: { .dockerconfigjson: SECRETMARKER }\n`
  const name = await file('all.yaml', [secret('aliyun-acr-credential-a'), secret('own')].join('---\n'))
  const { code, stdout, stderr } = await run('-f', name, '--region', 'cn-hangzhou', '--debug')
  assert.equal(code, 0, stderr)
  assert.deepEqual(parse(stdout).targets.namespaces.include, ['default', 'shop'])
  assert.doesNotMatch(stdout + stderr, /SECRETMARKER/)
})

test('P6 the line of a syntax error is named, not shown', async () => {
  const name = await file('broken.yaml', 'stringData:\n  password: "SECRETMARKER" SECRETMARKER\n')
  const { code, stdout, stderr } = await run('-f', name)
  assert.deepEqual([code, stdout], [2, ''])
  assert.match(stderr, /broken\.yaml:\d+:\d+: IMPORT_UNREADABLE: no YAML/)
  assert.doesNotMatch(stderr, /SECRETMARKER/)
})

test('a manifest copied from the page of 2018, whose separators are indented, is read', async () => {
  const account = (name: string) =>
    `apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: ${name}\n  namespace: kube-system\n`
  const text = `${account('aliyun-acr-credential-helper')} ---\n${account('other')} ---  \n`
  const indented = await run('-f', await file('2018.yaml', text), '--region', 'cn-hangzhou')
  const plain = await run('-f', await file('plain.yaml', text.replaceAll(/^ ---/gm, '---')), '--region', 'cn-hangzhou')
  assert.equal(indented.stdout, plain.stdout)
  assert.equal(indented.code, plain.code)
  assert.doesNotMatch(indented.stderr, /IMPORT_UNREADABLE/)
})

test('settings that pulls may depend on and that were not carried over result in exit code 3', async () => {
  const name = await file('unknown.json', JSON.stringify({ ...CONFIG, registryMirror: 'x' }))
  const { code, stdout, stderr } = await run('-f', name)
  assert.equal(code, 3)
  assert.match(stderr, /^lost: `registryMirror`/)
  assert.match(stdout, /^# lost: `registryMirror`/m)
})

const REFUSED: readonly (readonly [what: string, text: string, error: RegExp])[] = [
  // Both flags are required, and this API calls the cluster's ID ClusterID:
  // aliyun/aliyun-openapi-meta, /clusters/[ClusterID]/components/[AddonName]/instance.
  [
    'objects of something else',
    '{ kind: Pod, metadata: { name: x } }',
    /^IMPORT_NOTHING: [\s\S]*--ClusterID CLUSTER --AddonName managed-aliyun-acr-credential-helper/,
  ],
  ['no YAML', 'a: [\n', /IMPORT_UNREADABLE: no YAML/],
  ['a word', 'hello', /^IMPORT_UNREADABLE: /],
  [
    'a region that does not exist',
    JSON.stringify({ AcrInstanceInfo: [{ instanceId: 'cri-one', regionId: 'cn-nowhere' }] }),
    /^IMPORT_REFUSED: .*VALUES_REGION/,
  ],
  ['a config that is not JSON', JSON.stringify({ ...ADDON, config: '{' }), /^IMPORT_SETTING: .*not a JSON object/],
  [
    'two configurations',
    `${JSON.stringify({ data: DATA })}\n---\n${JSON.stringify(CONFIG)}`,
    /^INPUT_INVALID: .*several configurations/,
  ],
]
for (const [what, text, error] of REFUSED) {
  test(`import rejects ${what}, with a fix`, async () => {
    const { code, stdout, stderr } = await run('-f', await file('refused.yaml', text))
    assert.deepEqual([code, stdout], [2, ''])
    assert.match(stderr, error)
    assert.match(stderr, /\n {2}fix: .+\n$/)
  })
}
