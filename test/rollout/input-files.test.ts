import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { stringify } from 'yaml'
import { ReplacedFile, readRegular } from '../../src/lib/files.ts'
import type { InputName } from '../../src/rollout/inputs/input-table.ts'
import { loadSettings } from '../../src/rollout/inputs/load-settings.ts'
import { prepareClusters } from '../../src/rollout/inputs/prepare-cluster.ts'
import { readInputs } from '../../src/rollout/inputs/read-inputs.ts'
import { runBin } from '../cli/run-bin.ts'

const chartFolder = join(import.meta.dirname, '..', '..', 'chart')
const folder = mkdtempSync(join(tmpdir(), 'acr-nopass-files-'))
const [workspace, temp, elsewhere] = ['workspace', 'temp', 'elsewhere'].map((name) => join(folder, name)) as [
  string,
  string,
  string,
]
for (const path of [workspace, temp, elsewhere, join(workspace, 'sub')]) mkdirSync(path)
after(() => rmSync(folder, { recursive: true, force: true }))

const VALUES =
  'registries: [{ name: prod, edition: enterprise, instanceId: cri-k7x2m9q4w1t8z5h3, region: cn-hangzhou }]\nidentity: { type: worker-role }\n'
// The content that secret files of a machine could have.
const SHADOW = 'root:$6$Zr2Kk9Xw$abcdefgh:19000:0:99999:7:::\ndaemon:*:19000:0:99999:7:::\n'
const ENV_FILE = 'password: hunter2-hunter2\napiToken: sk-live-0123456789\n'
for (const path of [workspace, temp, elsewhere]) {
  writeFileSync(join(path, 'values.yaml'), VALUES)
  writeFileSync(join(path, 'shadow'), SHADOW)
  writeFileSync(join(path, 'secrets.yaml'), ENV_FILE)
}
writeFileSync(join(workspace, 'sub', 'large.yaml'), `${VALUES}${'# x\n'.repeat(300_000)}`)
symlinkSync(join(elsewhere, 'values.yaml'), join(workspace, 'out'))
symlinkSync(join(temp, 'values.yaml'), join(workspace, 'to-temp'))
symlinkSync(elsewhere, join(workspace, 'folder'))
symlinkSync('/dev/zero', join(workspace, 'zero'))
execFileSync('mkfifo', [join(workspace, 'pipe')])

/** Returns all errors of a `validate`, by code and message. */
function errorsOf(given: Partial<Record<InputName, string>>, anyFile: boolean): readonly string[] {
  const { settings, errors } = loadSettings(
    readInputs((name) => ({ mode: 'validate', ...given })[name]),
    {
      environment: { GITHUB_WORKSPACE: workspace, RUNNER_TEMP: temp },
      workingDirectory: workspace,
      chartFolder,
      anyFile,
    },
  )
  const found = settings === undefined ? errors : prepareClusters(settings).errors
  return found.map(({ code, message, hint }) => `${code} ${message} ${hint}`)
}

const ROWS: readonly (readonly [name: string, refused: RegExp | undefined])[] = [
  ['values.yaml', undefined],
  [join(temp, 'values.yaml'), undefined],
  ['to-temp', undefined],
  ['../elsewhere/values.yaml', /is outside of the workspace and of RUNNER_TEMP/],
  [join(elsewhere, 'values.yaml'), /is outside of the workspace/],
  ['out', /is outside of the workspace/],
  ['folder/values.yaml', /is outside of the workspace/],
  ['/etc/shadow', /is outside of the workspace|cannot be read/],
  ['/dev/zero', /is outside of the workspace/],
  ['zero', /is outside of the workspace/],
  ['/proc/self/environ', /is outside of the workspace/],
  ['pipe', /is not a regular file/],
  ['sub', /is not a regular file/],
  ['sub/large.yaml', /is larger than 1 MiB/],
  ['absent', /does not exist/],
]

for (const [name, refused] of ROWS) {
  test(`security: the action's values-files and valuesFiles of a list: ${name}`, () => {
    const list = stringify([
      { name: 'c', ack: { clusterId: 'c0123456789', region: 'cn-hangzhou' }, valuesFiles: [name] },
    ])
    writeFileSync(join(workspace, 'clusters.yaml'), list)
    const found = [
      errorsOf({ 'values-files': name }, false),
      errorsOf({ clusters: list }, false),
      errorsOf({ 'clusters-file': 'clusters.yaml' }, true),
    ]
    const inputs = ['values-files', 'valuesFiles of cluster c', 'valuesFiles of cluster c']
    for (const [index, errors] of found.entries()) {
      if (refused === undefined) assert.deepEqual(errors, [])
      else assert.match(errors.join('\n'), refused)
      for (const error of errors) assert.ok(error.startsWith(`INPUT_INVALID ${inputs[index]}: `), error)
    }
  })
}

test('a folder that is replaced by a link between the check and the read leads nowhere', () => {
  // At the time of the read, the path leads through a link. The check saw a folder.
  assert.throws(() => readRegular(join(workspace, 'folder', 'values.yaml')), ReplacedFile)
  assert.equal(readRegular(join(realpathSync(elsewhere), 'values.yaml'))?.toString(), VALUES)
})

test('helm gets what was checked, whatever is done to the file afterwards', () => {
  const file = join(workspace, 'exchanged.yaml')
  writeFileSync(file, VALUES)
  const inputs = readInputs((name) => ({ mode: 'validate', 'values-files': 'exchanged.yaml' })[name as string])
  const { settings } = loadSettings(inputs, { environment: {}, workingDirectory: workspace, chartFolder })
  writeFileSync(file, 'registries: []\n')
  assert.deepEqual(
    settings?.selected.map(({ layers }) => layers.map(({ text }) => text)),
    [[VALUES]],
  )
})

test('without a workspace and RUNNER_TEMP, only files of the working directory are read', () => {
  const messages = (name: string) => {
    const inputs = readInputs((input) => ({ mode: 'validate', 'values-files': name })[input as string])
    const { errors } = loadSettings(inputs, { environment: {}, workingDirectory: workspace, chartFolder })
    return errors.map(({ message }) => message)
  }
  assert.deepEqual(messages('values.yaml'), [])
  // A file of the folder in which the process runs, and one of a folder that the job has elsewhere.
  for (const name of [join(process.cwd(), 'package.json'), join(temp, 'values.yaml')]) {
    assert.match(messages(name).join(), /is outside of the workspace/)
  }
})

test('a list of clusters must be in the workspace too', () => {
  const given = { 'clusters-file': join(elsewhere, 'values.yaml') }
  assert.throws(() => errorsOf(given, false), { code: 'INPUT_INVALID', message: /is outside of the workspace/ })
})

test('a flag may name any file, but not an endless one', () => {
  assert.deepEqual(errorsOf({ 'values-files': join(elsewhere, 'values.yaml') }, true), [])
  const before = process.memoryUsage().rss
  assert.match(errorsOf({ 'values-files': '/dev/zero' }, true)[0] ?? '', /is larger than 1 MiB/)
  assert.ok(process.memoryUsage().rss - before < 64 * 1024 * 1024)
})

test('no content of a file that is not a values file is shown', async () => {
  const quoted = /root|daemon|\$6\$|hunter2|password|apiToken|sk-live|19000/
  for (const name of ['shadow', 'secrets.yaml']) {
    const path = join(elsewhere, name)
    for (const errors of [errorsOf({ 'values-files': path }, true), errorsOf({ 'clusters-file': path }, true)]) {
      assert.ok(errors.length > 0)
      assert.doesNotMatch(errors.join('\n'), quoted)
    }
    for (const args of [
      ['-f', path],
      ['--clusters-file', path],
      ['-f', path, '-o', 'json'],
    ]) {
      const { code, stdout, stderr } = await runBin(['validate', ...args])
      assert.equal(code, 2)
      assert.doesNotMatch(stdout + stderr, quoted, args.join(' '))
    }
  }
  // A key that is nearly a key of the schema is a typo, so the error names it.
  writeFileSync(join(workspace, 'typo.yaml'), VALUES.replace('registries', 'registrys'))
  assert.match(
    errorsOf({ 'values-files': 'typo.yaml' }, false).join('\n'),
    /no key `registrys` at the top Did you mean/,
  )
})

test('a pipe and standard input are read when a user names them', () => {
  const bin = join(import.meta.dirname, '..', '..', 'bin', 'acr-nopass')
  const run = (script: string): string => execFileSync('bash', ['-c', script], { encoding: 'utf8' })
  assert.equal(run(`'${bin}' validate -f <(cat '${workspace}/values.yaml') | cut -c1-6`), 'valid:\n')
  assert.equal(run(`cat '${workspace}/values.yaml' | '${bin}' validate -f -`), 'valid: -\n')
  assert.equal(run(`cat '${workspace}/values.yaml' | '${bin}' validate -f /dev/stdin`), 'valid: /dev/stdin\n')
  assert.match(run(`'${bin}' validate -f /dev/zero 2>&1 || true`), /is larger than 1 MiB/)
})
