import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { Command, type Option } from 'commander'
import { findPages } from '../../scripts/generate-docs/pages.ts'
import { addCleanup } from '../../src/cli/cleanup/command.ts'
import { addCredentialProvider } from '../../src/cli/credential-provider/command.ts'
import { addDoctor } from '../../src/cli/doctor/command.ts'
import { addHelper } from '../../src/cli/helper/command.ts'
import { addImport } from '../../src/cli/import/command.ts'
import { addInit } from '../../src/cli/init/command.ts'
import { addLogin } from '../../src/cli/login/command.ts'
import { addNode } from '../../src/cli/node/command.ts'
import { addPolicy } from '../../src/cli/policy/command.ts'
import type { Cli } from '../../src/cli/program/command.ts'
import { addRefresh } from '../../src/cli/refresh/command.ts'
import { addRollout } from '../../src/cli/rollout/command.ts'
import { addValidate } from '../../src/cli/validate/command.ts'
import { ROOT, runBin } from './run-bin.ts'

const ALL = [
  addInit,
  addValidate,
  addRollout,
  addLogin,
  addPolicy,
  addDoctor,
  addRefresh,
  addImport,
  addCleanup,
  addNode,
  addCredentialProvider,
  addHelper,
]

interface Flag {
  readonly command: string
  readonly option: Option
}

/** All flags of all commands. */
function readFlags(): readonly Flag[] {
  const program = new Command('acr-nopass')
  const cli: Cli = { program, run: () => async () => undefined }
  for (const add of ALL) add(cli)
  const walk = (command: Command, name: string): readonly Flag[] => [
    ...command.options.map((option) => ({ command: name, option })),
    ...command.commands.flatMap((one) => walk(one, `${name} ${one.name()}`.trim())),
  ]
  return walk(program, '')
}

const flags = readFlags()
const shown = flags.filter(({ option }) => !option.hidden)
const old = [...new Set(flags.filter(({ option }) => option.hidden).map(({ option }) => option.long))]

/**
 * The same word for different things, each as in the program that users know it from: a folder or a
 * file of `--to`, names of a list or IDs in `--cluster`, and Docker's or a program's `--config`.
 */
const SEVERAL_VALUES = ['--to', '--cluster', '--config', '--fail-on', '--output']

test('a flag has the same short form and the same kind of value in every command', () => {
  const forms = Map.groupBy(shown, ({ option }) => option.long)
  const different = [...forms].flatMap(([long, uses]) => {
    const all = new Set(uses.map(({ option }) => option.flags.replace(/<[^>]*\|[^>]*>/, '<choice>')))
    return all.size > 1 ? [[long, [...all]]] : []
  })
  assert.deepEqual(
    different.filter(([long]) => !SEVERAL_VALUES.includes(String(long))),
    [],
  )
})

test('a short form stands for one flag, but `-f` of import, which takes manifests as kubectl does', () => {
  const shorts = Map.groupBy(
    shown.filter(({ option }) => option.short !== undefined),
    ({ option }) => option.short,
  )
  const several = [...shorts].flatMap(([short, uses]) => {
    const names = new Set(uses.map(({ option }) => option.long))
    return names.size > 1 ? [[short, [...names]]] : []
  })
  assert.deepEqual(several, [['-f', ['--values', '--filename']]])
})

test('commands with the same thing to name have the flag of kubectl or Helm for it', () => {
  const having = (long: string): readonly string[] => {
    return [...new Set(shown.flatMap(({ command, option }) => (option.long === long ? [command] : [])))].sort()
  }
  assert.deepEqual(
    having('--values'),
    ['validate', 'plan', 'apply', 'uninstall', 'login', 'policy', 'doctor', 'node config', 'node script'].sort(),
  )
  assert.deepEqual(having('--values'), having('--inline-values'))
  assert.deepEqual(having('--kubeconfig'), having('--context'))
  assert.deepEqual(
    having('--namespace').filter((command) => !having('--release').includes(command)),
    [],
  )
})

test('no page, help text, error or example of ours uses an old spelling', async () => {
  assert.deepEqual(old.sort(), [
    '--adopt',
    '--cleanup',
    '--coexist',
    '--file',
    '--kube-context',
    '--ram-scope',
    '--recover-pending',
    '--uninstall-on-failed-install',
    '--values-files',
    '--wait',
    '--worker-roles',
    '--yes',
  ])
  const gone = /acr[-_]nopass\b[^`\n]*? (--(?:adopt|cleanup|file|kube-context|values-files|worker-roles))\b/g
  for (const page of findPages(ROOT)) {
    const text = (await readFile(join(ROOT, page), 'utf8')).replaceAll(/\\\n\s*/g, '')
    // The page about the command line lists the old spellings in its table.
    const used = [...text.matchAll(gone)].map(([line]) => line)
    assert.deepEqual(used, [], page)
  }
})

let folder: string
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'acr-nopass-spellings-'))
  await writeFile(join(folder, 'values.yaml'), VALUES)
  await writeFile(join(folder, 'more.yaml'), 'attach: never\n')
  await writeFile(join(folder, 'a: b'), VALUES)
  await writeFile(join(folder, 'clusters.yaml'), CLUSTERS)
})
after(() => rm(folder, { recursive: true }))

const VALUES =
  '{ registries: [{ name: prod, edition: personal, region: cn-hangzhou }], identity: { type: worker-role }, region: cn-hangzhou }'
const CLUSTERS = ['a', 'b', 'c']
  .map((name) => `- { name: ${name}, ack: { clusterId: c${name}, region: cn-hangzhou } }\n`)
  .join('')

const run = (...args: string[]) => runBin(args, { cwd: folder })

test('values are named by -f, --values and the old spellings, in the order of the command line', async () => {
  const files = ['-f', '--values', '--file'].flatMap((flag) => [
    [flag, 'values.yaml'],
    [`${flag.length === 2 ? flag : `${flag}=`}values.yaml`],
  ])
  for (const args of files) {
    assert.deepEqual(await run('validate', ...args), { code: 0, stdout: 'valid: values.yaml\n', stderr: '' })
  }
  const three = await run('validate', '-f', 'values.yaml', '--file', 'a: b', '--values', 'values.yaml')
  assert.equal(three.stdout, 'valid: values.yaml, a: b, values.yaml\n')
  const list = await run('validate', '-f', 'a: b', '--values-files', 'values.yaml')
  assert.equal(list.stdout, 'valid: values.yaml, a: b\n')
})

test('--values takes YAML text as it did before, unless a file has that name', async () => {
  for (const flag of ['--inline-values', '--values', '-f']) {
    const { code, stderr } = await run('validate', '-f', 'values.yaml', flag, 'attach: never')
    assert.equal(code, 2)
    assert.match(stderr, /attach/)
    assert.equal((await run('validate', flag, VALUES)).code, 0)
  }
  const inline = await run('validate', '--values', `${VALUES}\n`)
  assert.deepEqual(inline, { code: 0, stdout: 'valid: the inline values\n', stderr: '' })
  assert.equal((await run('validate', '--values', 'a: b')).stdout, 'valid: a: b\n')
})

test('a list may be given in several flags, and no name of it is lost', async () => {
  const wanted = ['--clusters-file', 'clusters.yaml', '-f', 'values.yaml']
  const errors = async (...args: string[]): Promise<string> => (await run('plan', ...wanted, ...args)).stderr
  assert.match(await errors('--cluster', 'a', '--cluster', 'x'), /^CLUSTER_UNKNOWN: .*"x"/)
  assert.match(await errors('--cluster', 'x', '--cluster', 'a'), /^CLUSTER_UNKNOWN: .*"x"/)
  for (const args of [
    ['--worker-role', 'one', '--worker-role', 'two,three'],
    ['--worker-roles', 'one,two', '--worker-role', 'three'],
  ]) {
    const { stdout } = await run('policy', '-f', 'values.yaml', ...args, '-o', 'json')
    assert.deepEqual(JSON.parse(stdout).documents[0].attachTo, ['one', 'two', 'three'])
  }
})

test('old names of the other flags do what the present names do', async () => {
  const both = async (present: readonly string[], former: readonly string[]): Promise<void> => {
    const [now, before] = [await run(...present), await run(...former)]
    assert.deepEqual(before, now)
    assert.notEqual(now.stdout + now.stderr, '')
  }
  const ci = ['policy', '--ci', '-f', 'values.yaml', '--ack-cluster-id', 'c1']
  await both([...ci, '--ram-cleanup', '--adopt-policy'], [...ci, '--cleanup', '--adopt'])
  await writeFile(join(folder, 'kubeconfig'), '{}')
  for (const command of [['doctor'], ['refresh'], ['plan', '-f', 'values.yaml']]) {
    const rest = [...command, '--kubeconfig', 'kubeconfig']
    await both([...rest, '--context', 'nowhere'], [...rest, '--kube-context', 'nowhere'])
  }
  const manifests = ['--region', 'cn-hangzhou']
  await both(['import', '--filename', 'values.yaml', ...manifests], ['import', '--file', 'values.yaml', ...manifests])
  await both(['import', '-f', 'values.yaml', ...manifests], ['import', '--file', 'values.yaml', ...manifests])
})
