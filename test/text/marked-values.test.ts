import assert from 'node:assert/strict'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import fc from 'fast-check'
import { isAlias, isPair, isScalar, isSeq, LineCounter, parseAllDocuments, visit } from 'yaml'
import { runAction } from '../../action/run-action.ts'
import { addPolicy } from '../../src/cli/policy/command.ts'
import { exitCodeOf } from '../../src/cli/program/cli-host.ts'
import { reportErrors } from '../../src/cli/program/report-errors.ts'
import { runCli } from '../../src/cli/program/run-command-line.ts'
import { safeStream } from '../../src/cli/program/terminal.ts'
import { addRollout } from '../../src/cli/rollout/command.ts'
import { addValidate } from '../../src/cli/validate/command.ts'
import { toNopassError } from '../../src/errors.ts'
import { ROOT } from '../cli/run-bin.ts'
import { markedDocument, marksIn } from './marked-document.ts'
import { runnerCommands, UNPRINTABLE } from './runner-commands.ts'

const folder = mkdtempSync(join(tmpdir(), 'acr-nopass-marks-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const helm = join(folder, 'helm')
writeFileSync(helm, '#!/bin/sh\necho v4.3.1\n')
chmodSync(helm, 0o755)
// The server rejects every credential, so each rollout ends at its first request.
const server = createServer((_request, response) => response.writeHead(401).end()).listen(0, '127.0.0.1')
await once(server, 'listening')
after(() => server.close())
const kubeconfig = join(folder, 'kubeconfig')
writeFileSync(
  kubeconfig,
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: { server: `http://127.0.0.1:${(server.address() as AddressInfo).port}` } }],
    users: [{ name: 'u', user: { token: 't' } }],
    contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'c',
  }),
)
const ENV = { HOME: folder, PATH: folder, HELM: helm }

/** Runs a command as the program does, in this process; returns everything that it prints. */
async function runCommand(...argv: readonly string[]): Promise<string> {
  let output = ''
  const stream = safeStream({ write: (text) => (output += text) }, { GITHUB_ACTIONS: 'true' })
  const host = {
    argv,
    program: 'acr-nopass',
    env: { ...ENV },
    workingDirectory: folder,
    pid: process.pid,
    root: ROOT,
    temporaryFolder: folder,
    stdout: stream,
    stderr: stream,
    signal: new AbortController().signal,
  }
  try {
    await runCli(host, [addValidate, addRollout, addPolicy])
  } catch (thrown) {
    const error = toNopassError(thrown)
    assert.equal(exitCodeOf(error.code) === 0, false)
    reportErrors([error], argv.includes('json') ? { output: 'json' } : {}, host)
  }
  return output
}

/**
 * Runs the action as the runner does, in this process; returns its log with the annotations, its
 * outputs and its summary.
 */
async function runJob(inputs: Readonly<Record<string, string>>): Promise<string> {
  const files = ['output', 'state', 'summary'].map((name) => join(folder, name))
  for (const file of files) writeFileSync(file, '')
  const [output = '', state = '', summary = ''] = files
  Object.assign(process.env, { GITHUB_OUTPUT: output, GITHUB_STATE: state })
  let log = ''
  const write = (text: string): boolean => {
    log += text
    return true
  }
  const given = Object.entries(inputs).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value])
  const host = {
    platform: 'linux',
    on: () => undefined,
    cwd: () => folder,
    stdout: { write },
    env: { ...ENV, ...Object.fromEntries(given), RUNNER_TEMP: folder, GITHUB_STEP_SUMMARY: summary },
  } as unknown as NodeJS.Process
  const own = process.stdout.write
  // The action writes text. A buffer is a report of the test runner to its parent, which may come
  // at any moment.
  const writeText = (chunk: string | Uint8Array): boolean =>
    typeof chunk === 'string' ? write(chunk) : own.call(process.stdout, chunk)
  process.stdout.write = writeText as typeof own
  try {
    await runAction(host, join(ROOT, 'chart'))
  } finally {
    process.stdout.write = own
    process.exitCode = 0
  }
  const commands = runnerCommands(log)
  assert.deepEqual(
    commands.filter((name) => !['add-mask', 'error', 'warning'].includes(name)),
    [],
    log,
  )
  // What follows `::add-mask::` is for the runner alone.
  return [log.replaceAll(/^::add-mask::.*$/gm, ''), ...files.map((file) => readFileSync(file, 'utf8'))].join('\n')
}

const ENTRY = '- name: a\n  kubeconfig: { file: kubeconfig }\n  values:\n'
const CONNECTED = ['--kubeconfig', kubeconfig, '--ram', 'none']
const COMMANDS: readonly (readonly string[])[] = [
  ['validate', '-f', 'values.yaml'],
  ['validate', '--clusters-file', 'clusters.yaml'],
  ['plan', '-f', 'values.yaml', ...CONNECTED],
  ['apply', '-f', 'values.yaml', ...CONNECTED],
  ['policy', '-f', 'values.yaml', '--ack-cluster-id', 'c123'],
  ['policy', '-f', 'values.yaml', '--ack-cluster-id', 'c123', '--ci', '--format', 'terraform'],
]
const JOBS: readonly Readonly<Record<string, string>>[] = [
  { mode: 'validate', 'values-files': 'values.yaml' },
  { mode: 'validate', 'clusters-file': 'clusters.yaml' },
  { mode: 'plan', 'values-files': 'values.yaml', kubeconfig, ram: 'none' },
  { mode: 'apply', 'values-files': 'values.yaml', kubeconfig, ram: 'none' },
]

/**
 * Every way to use a values file. Each function returns everything that is printed about the file.
 */
const USES = new Map<string, (values: string) => Promise<string>>([
  ...COMMANDS.map((argv) => [argv.join(' '), () => runCommand(...argv)] as const),
  ...COMMANDS.map((argv) => [`${argv.join(' ')} -o json`, () => runCommand(...argv, '-o', 'json')] as const),
  ...JOBS.map((inputs) => [`the action with ${JSON.stringify(inputs)}`, () => runJob(inputs)] as const),
  ['the action with the values as an input', (values) => runJob({ mode: 'validate', values })],
])

/**
 * Writes a values file, also as the values of a cluster; returns the places that its errors point
 * at.
 */
async function writeValues(text: string): Promise<ReadonlySet<string>> {
  writeFileSync(join(folder, 'values.yaml'), text)
  writeFileSync(join(folder, 'clusters.yaml'), `${ENTRY}${text.replaceAll(/^/gm, '    ')}`)
  const places = new Set<string>()
  for (const [flag, file] of [
    ['-f', 'values.yaml'],
    ['--clusters-file', 'clusters.yaml'],
  ] as const) {
    const [lines, columns] = flag === '-f' ? [0, 0] : [3, 4]
    const { errors } = JSON.parse(await runCommand('validate', flag, file, '-o', 'json'))
    for (const { line, column } of errors) places.add(`${line - lines}:${column - columns}`)
  }
  return places
}

/** Keys of secrets, and keys that accept any text. */
const SECRET_KEY = /^(password|token|accessKeySecret|externalId|caBundle|client-key-data|stringData)$/
const ANY_TEXT = /^(extraEnv|extraObjects|podAnnotations)(\/|$)/
/** The subjects of RAM documents. */
const NAMED_BY_DOCUMENTS =
  /^registries\/\d+\/(name|instanceId|instanceName|region|repositories|assumeRole)|^identity\/|^region$|^serviceAccount\/name$/

/**
 * Returns the numbers of the marks that may be shown: marks in keys, and marks in values that are
 * not secret and to which an error points.
 */
function shownMarks(text: string, places: ReadonlySet<string>, isDocument: boolean): ReadonlySet<number> {
  const shown = new Set<number>()
  const lines = new LineCounter()
  const documents = parseAllDocuments(text, { lineCounter: lines, uniqueKeys: false, logLevel: 'silent' })
  for (const document of Array.isArray(documents) ? documents : []) {
    visit(document, (key, node, path) => {
      if (!isScalar(node) && !isAlias(node)) return
      const source = isAlias(node) ? node.source : String(node.source ?? node.value)
      const keys = path.flatMap((one, index) => {
        if (isPair(one) && isScalar(one.key)) return [String(one.key.value)]
        const item = path[index + 1] ?? node
        return isSeq(one) ? [String(one.items.indexOf(item))] : []
      })
      const where = keys.join('/')
      const isSecret =
        /password|token|PRIVATE|LTAI|:[^ ]*@/i.test(source) ||
        keys.some((one) => SECRET_KEY.test(one)) ||
        (ANY_TEXT.test(where) && !/^extraEnv\/\d+\/name$/.test(where))
      const { line, col } = lines.linePos(node.range?.[0] ?? 0)
      const isNamed = places.has(`${line}:${col}`) || (isDocument && NAMED_BY_DOCUMENTS.test(where))
      if (key === 'key' || (isNamed && !isSecret)) for (const mark of marksIn(source)) shown.add(mark)
    })
  }
  return shown
}

test('no output of a command or of the action has a value of a file in it, unless an error points at it and it is not a secret', async (t) => {
  const seed = Number(process.env.FUZZ_SEED ?? Date.now() % 2 ** 31)
  const numRuns = Number(process.env.FUZZ_RUNS ?? 80)
  const some = fc.uniqueArray(fc.constantFrom(...USES.keys()), { minLength: 3, maxLength: 3 })
  const property = fc.asyncProperty(markedDocument, some, async (text, uses) => {
    const places = await writeValues(text)
    for (const use of uses) {
      const said = (await USES.get(use)?.(text)) ?? assert.fail()
      for (const line of said.split('\n')) {
        assert.doesNotMatch(line.replaceAll('\t', ''), UNPRINTABLE, use)
        assert.doesNotMatch(line, /^\W*(fix: )?zqline/, use)
      }
      const allowed = shownMarks(text, places, use.startsWith('policy'))
      const leaked = [...marksIn(said)].filter((mark) => !allowed.has(mark))
      assert.deepEqual(leaked, [], `${use}:\n${said}\n--- of\n${text}`)
    }
  })
  await fc.assert(property, { seed, numRuns })
  t.diagnostic(`${numRuns} files; FUZZ_SEED=${seed} repeats them, FUZZ_RUNS takes more`)
})
