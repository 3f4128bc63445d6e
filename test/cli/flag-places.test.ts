import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Command } from 'commander'
import { addCleanup } from '../../src/cli/cleanup/command.ts'
import { addCompletion } from '../../src/cli/completion/command.ts'
import { addDoctor } from '../../src/cli/doctor/command.ts'
import { addImport } from '../../src/cli/import/command.ts'
import { addNode } from '../../src/cli/node/command.ts'
import { addPolicy } from '../../src/cli/policy/command.ts'
import type { CliHost } from '../../src/cli/program/cli-host.ts'
import type { Cli } from '../../src/cli/program/command.ts'
import { namesFirst } from '../../src/cli/program/names-first.ts'
import { runCli } from '../../src/cli/program/run-command-line.ts'
import { addRefresh } from '../../src/cli/refresh/command.ts'
import { addRollout } from '../../src/cli/rollout/command.ts'

const COMMANDS = [addRollout, addPolicy, addDoctor, addRefresh, addImport, addCleanup, addNode, addCompletion]

/** The arguments that a command requires. */
const REQUIRED: Readonly<Record<string, readonly string[]>> = { 'doctor pod': ['web-1'] }

/** Returns the name of the command that a command line calls, its words and its flags. */
async function parse(argv: readonly string[]) {
  let called: { readonly name: string; readonly words: readonly string[]; readonly flags: object } | undefined
  const stream = { write: () => undefined }
  const host = { argv, program: 'acr-nopass', env: {}, stdout: stream, stderr: stream } as unknown as CliHost
  const withoutWork = (add: (cli: Cli) => void) => (cli: Cli) => {
    const run: Cli['run'] =
      () =>
      async (...args) => {
        const command = args.at(-1) as Command
        called = { name: nameOf(command), words: command.args, flags: command.optsWithGlobals() }
      }
    add({ ...cli, run })
  }
  await runCli(host, COMMANDS.map(withoutWork))
  assert.ok(called !== undefined, argv.join(' '))
  return called
}

const nameOf = (command: Command): string =>
  command.parent?.parent == null ? command.name() : `${nameOf(command.parent)} ${command.name()}`

/** Returns the commands that take a namespace. */
function commandsWithNamespace(): readonly string[] {
  const program = new Command('acr-nopass')
  for (const add of COMMANDS) add({ program, run: () => async () => undefined })
  const all = program.commands.flatMap((command) => [command, ...command.commands])
  return all.filter(({ options }) => options.some(({ long }) => long === '--namespace')).map(nameOf)
}

for (const name of commandsWithNamespace()) {
  test(`the last -n of ${name} wins, wherever both stand, as with kubectl`, async () => {
    const names = name.split(' ')
    const [first = '', ...more] = names
    const words = REQUIRED[name] ?? []
    for (const argv of [
      [...names, ...words, '-n', 'one', '-n', 'two'],
      [...names, '-n', 'one', ...words, '--namespace=two'],
      [first, '-n', 'one', ...more, ...words, '-n', 'two'],
      ['--namespace', 'one', ...names, ...words, '-ntwo'],
      ['-n=one', ...names, ...words, '-n=two'],
      ['-n', 'one', first, '-n', 'two', ...more, ...words],
    ]) {
      const called = await parse(argv)
      assert.deepEqual(
        [called.name, called.words, (called.flags as { namespace?: string }).namespace],
        [name, words, 'two'],
        argv.join(' '),
      )
    }
  })
}

test('commands with a namespace are among those that are checked', () => {
  const names = commandsWithNamespace()
  for (const name of ['plan', 'apply', 'policy', 'doctor', 'doctor pod', 'refresh', 'import', 'cleanup'])
    assert.ok(names.includes(name), name)
})

test('a list that is given before and after the name of a command has all its values', async () => {
  const { flags } = await parse(['--worker-role', 'a', 'doctor', '--worker-role', 'b', 'pod', 'x/y', '--worker-role=c'])
  assert.deepEqual((flags as { workerRole?: unknown }).workerRole, ['a', 'b', 'c'])
})

const COMMAND_LINES: readonly (readonly [string, string])[] = [
  ['doctor -n shop pod/web', 'doctor pod -n shop pod/web'],
  ['doctor pod/web -n shop', 'doctor pod pod/web -n shop'],
  ['doctor --ask-registry --cloud off po/web', 'doctor pod --ask-registry --cloud off po/web'],
  ['-o json --debug doctor pods/web', 'doctor pod -o json --debug pods/web'],
  ['--namespace=shop doctor pod x/y', 'doctor pod --namespace=shop x/y'],
  ['-nshop doctor pod x/y', 'doctor pod -nshop x/y'],
  ['doctor -n=shop pod/web -o=json', 'doctor pod -n shop pod/web -o json'],
  ['import -f=a=b -n= --region=x', 'import -f a=b -n  --region=x'],
  ['doctor --context -n=shop -- -n=shop', 'doctor --context -n=shop -- -n=shop'],
  ['policy -x=1', 'policy -x=1'],
  // The value of a flag is no command, whatever it is.
  ['doctor -n pod', 'doctor -n pod'],
  ['doctor --cluster pod/web --clusters-file pod', 'doctor --cluster pod/web --clusters-file pod'],
  ['-n doctor doctor --kubeconfig pod pod x/y', 'doctor pod -n doctor --kubeconfig pod x/y'],
  // A flag with an optional value takes only true or false.
  ['--verify false apply', 'apply --verify false'],
  ['--verify apply', 'apply --verify=true'],
  ['--verify apply false', 'apply --verify=true false'],
  ['--verify=false --wait apply --rollback', 'apply --verify=false --wait=true --rollback'],
  // Flags of the program itself stay before a command that lacks them.
  ['--version doctor', '--version doctor'],
  ['--debug completion bash', '--debug completion bash'],
  // What is no command of ours is left for the error.
  ['doctor -- pod/web', 'doctor -- pod/web'],
  ['-n x docter pod', '-n x docter pod'],
  ['--unknown x doctor', '--unknown x doctor'],
  ['apply pod/web', 'apply pod/web'],
  ['help doctor', 'help doctor'],
  ['- doctor', '- doctor'],
  ['', ''],
]
for (const [given, read] of COMMAND_LINES) {
  test(`\`${given}\` is read as \`${read}\``, () => {
    const program = new Command('acr-nopass').version('1').option('-o, --output <form>').option('--debug')
    for (const add of COMMANDS) add({ program, run: () => async () => undefined })
    const words = namesFirst(program, given.split(' ').filter(Boolean))
    assert.equal(words.join(' '), read)
    assert.deepEqual(namesFirst(program, words), words, 'again')
  })
}

test('the value of an unknown flag, which may be a secret, is not printed', async () => {
  for (const argv of [
    ['--token=s3cret', 'doctor'],
    ['doctor', '--token=s3\ncret'],
  ]) {
    await assert.rejects(parse(argv), { code: 'INPUT_INVALID', message: "unknown option '--token'" })
  }
  await assert.rejects(parse(['-ts3cret', 'doctor']), { code: 'INPUT_INVALID', message: "unknown option '-t'" })
})
