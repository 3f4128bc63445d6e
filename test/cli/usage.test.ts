import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { chmod, cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { readInputTexts } from '../../scripts/generate-docs/action/input-tables.ts'
import { flagOf } from '../../src/cli/program/input-option.ts'
import { FLAG_GROUPS } from '../../src/cli/rollout/flag-groups.ts'
import { INPUTS, type InputName } from '../../src/rollout/inputs/input-table.ts'
import { VERSION } from '../../src/version.ts'
import { BIN, runBin } from './run-bin.ts'

const readText = (path: string): string => readFileSync(join(import.meta.dirname, '../..', path), 'utf8')

const INPUT_NAMES = Object.keys(INPUTS) as readonly InputName[]
const COMMANDS = [
  'init',
  'validate',
  'plan',
  'apply',
  'uninstall',
  'login',
  'logout',
  'policy',
  'doctor',
  'refresh',
  'import',
  'cleanup',
  'node',
  'credential-provider',
  'helper',
  'completion',
]

let folder: string
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'acr-nopass-cli-'))
})
after(() => rm(folder, { recursive: true }))

test('--help lists every command, and each command has its own help', async () => {
  const { code, stdout, stderr } = await runBin(['--help'])
  assert.deepEqual([code, stderr], [0, ''])
  const listed = [...stdout.matchAll(/^ {2}([a-z-]+)(?: \[| <)/gm)].map(([, name]) => name)
  assert.deepEqual(
    listed.filter((name) => name !== 'help'),
    COMMANDS,
  )
  for (const command of COMMANDS) {
    const own = await runBin([command, '--help'])
    assert.equal(own.code, 0, command)
    assert.match(own.stdout, /^usage/i)
  }
})

test('every command has its row on the page about the command line, in both languages', () => {
  for (const language of ['en', 'zh']) {
    const page = readFileSync(join(import.meta.dirname, '../../docs', language, 'cli.md'), 'utf8')
    const rows = [...page.matchAll(/^\| `([a-z][a-z-]*)/gm)].map(([, name = '']) => name)
    assert.deepEqual([...new Set(rows)].sort(), [...COMMANDS].sort(), language)
  }
})

test('the help of plan, apply, uninstall and login lists the inputs that the reference of the action gives their mode', async () => {
  const inputs = Object.entries(readInputTexts(readText))
  for (const mode of ['plan', 'apply', 'uninstall', 'login']) {
    const { stdout } = await runBin([mode, '--help'])
    const flags = [...stdout.matchAll(/^ {2}(?:-n, )?(-f|--[a-z-0-9]+)[ ,]/gm)].map(([, flag]) => flag)
    const listed: string[] = INPUT_NAMES.filter((name) => flags.includes(flagOf(name)))
    const documented = inputs
      .filter(([, { modes }]) => modes === 'all' || modes.includes(mode) || (modes === 'rollout' && mode !== 'login'))
      .map(([name]) => name)
    const expected = documented.filter((name) => name !== 'mode' && name !== 'allow-on-pull-request')
    // `plan` accepts the flags of the `apply` that it shows.
    const known = mode === 'plan' ? listed.filter((name) => expected.includes(name)) : listed
    assert.deepEqual(known.sort(), expected.sort(), mode)
  }
})

test('the flags of plan, apply and uninstall have the headings of the reference of the action, and three examples', async () => {
  const page = readText('docs/en/action.md').split(/^##+ /m)
  const headings = page.filter((section) => section.includes('<!-- inputs:')).map((section) => section.split('\n')[0])
  assert.deepEqual(headings, Object.keys(FLAG_GROUPS))
  assert.deepEqual(Object.values(FLAG_GROUPS).flat().sort(), Object.keys(INPUTS).sort())
  for (const mode of ['plan', 'apply', 'uninstall']) {
    const { stdout } = await runBin([mode, '--help'])
    const titles = [...stdout.matchAll(/^(\S.*):$/gm)].map(([, title = '']) => title)
    const known = Object.keys(FLAG_GROUPS).filter(
      (title) => !/^(Check|Login)/.test(title) && (mode !== 'uninstall' || !title.startsWith('Verification')),
    )
    assert.deepEqual(
      titles.filter((title) => known.includes(title)),
      known,
      mode,
    )
    assert.match(stdout, new RegExp(`\nExamples:\n(  acr-nopass ${mode} --.*\n){3}`))
  }
})

test('--version prints the version', async () => {
  assert.deepEqual(await runBin(['--version']), { code: 0, stdout: `acr-nopass ${VERSION}\n`, stderr: '' })
})

const REFUSED: readonly { readonly args: readonly string[]; readonly error: RegExp }[] = [
  { args: ['validte'], error: /^INPUT_INVALID: unknown command 'validte'\n {2}fix: Did you mean validate\?\n$/ },
  ...Object.entries({
    install: 'apply',
    delete: 'uninstall',
    remove: 'uninstall',
    check: 'validate',
    lint: 'validate',
    diff: 'plan',
  }).map(([word, meant]) => ({
    args: [word, '-f', 'x'],
    error: new RegExp(`^INPUT_INVALID: unknown command '${word}'\n {2}fix: Did you mean ${meant}\\?\n$`),
  })),
  ...['plan', 'apply', 'uninstall'].map((mode) => ({
    args: [mode, '--kubeconfig', 'nope', '-f', 'examples/values/enterprise-rrsa.yaml'],
    error: /^KUBECONFIG_INVALID: --kubeconfig: there is no file nope\n/,
  })),
  {
    args: ['plan', '--role-to-assume', 'acs:ram::1234567890123456:role/a', '--kubeconfig', 'package.json'],
    error:
      /^INPUT_MISSING: `--role-to-assume` needs `--oidc-provider-arn`\n {2}fix: Set the flag that the message names\.\n$/,
  },
  { args: ['doctor', '--kubeconfg', 'x'], error: /^INPUT_INVALID: unknown option '--kubeconfg'\n.*--kubeconfig\?\n$/ },
  { args: ['validate', '-o', 'xml', '-f', 'x'], error: /^INPUT_INVALID: option '-o, --output <form>' argument 'xml'/ },
  {
    args: ['doctor', 'pods'],
    error: /^INPUT_INVALID: too many arguments.*\n {2}fix: Did you mean `acr-nopass doctor pod`\?\n$/,
  },
  {
    args: ['doctor', 'pod', 'web-1', '-n', ''],
    error: /^INPUT_INVALID: "web-1" is not NAMESPACE\/NAME of a Pod\n.*-n shop`/,
  },
  {
    args: ['version'],
    error: /^INPUT_INVALID: unknown command 'version'\n {2}fix: `acr-nopass --version` prints it\.\n$/,
  },
  {
    args: ['apply', '--now'],
    error: /^INPUT_INVALID: unknown option '--now'\n {2}fix: See `acr-nopass apply --help`\.\n$/,
  },
  { args: ['doctor', 'pod', '--now'], error: /\n {2}fix: See `acr-nopass doctor pod --help`\.\n$/ },
  {
    args: ['apply', '--context', 'a', '--kube-context', 'b'],
    error: /^INPUT_INVALID: option '--kube-context <name>' cannot be used with option '--context <name>'/,
  },
  { args: ['doctor', 'pod'], error: /^INPUT_INVALID: missing required argument 'pod'/ },
  {
    args: ['doctor', 'pod', 'web-1', '--kubeconfig', '/nowhere'],
    error: /^INPUT_INVALID: "web-1" is not NAMESPACE\/NAME of a Pod/,
  },
  // The argument is read as a name, so the error is about the next missing thing.
  { args: ['doctor', 'pod', 'web-1', '-n', 'shop', '--kubeconfig', '/nowhere'], error: /^KUBECONFIG_INVALID: / },
  { args: ['doctor', 'pod', 'pod/web-1', '-n', 'shop', '--kubeconfig', '/nowhere'], error: /^KUBECONFIG_INVALID: / },
  { args: ['doctor', 'pod/web-1', '-n', 'shop', '--kubeconfig', '/nowhere'], error: /^KUBECONFIG_INVALID: / },
  { args: ['doctor', '-n', 'shop', 'pod/web-1', '--kubeconfig', '/nowhere'], error: /^KUBECONFIG_INVALID: / },
  {
    args: ['--kubeconfig', '/nowhere', '-nshop', 'doctor', '--ask-registry', 'pods/web-1'],
    error: /^KUBECONFIG_INVALID: /,
  },
  // The last of several flags counts, wherever it stands.
  { args: ['doctor', '-n', 'shop', 'pod/web-1', '-n', ''], error: /^INPUT_INVALID: "pod\/web-1" is not NAMESPACE/ },
  {
    args: ['doctor', '-n', '', 'pod', 'web-1', '-n', 'shop', '--kubeconfig', '/nowhere'],
    error: /^KUBECONFIG_INVALID: /,
  },
  { args: ['plan', '-n', 'shop', '-n', 'Shop', '--kubeconfig', 'x'], error: /^INPUT_INVALID: --namespace: "Shop"/ },
  { args: ['-n', 'shop', 'plan', '-n', 'Shop', '--kubeconfig', 'x'], error: /^INPUT_INVALID: --namespace: "Shop"/ },
  {
    args: ['doctor', '--horizon', '1h', 'pod', 'shop/web-1'],
    error: /^INPUT_INVALID: unknown option '--horizon'\n {2}fix: See `acr-nopass doctor pod --help`\.\n$/,
  },
  {
    args: ['doctor', '--context', 'a', 'pod', 'shop/web-1', '--kube-context', 'b'],
    error: /^INPUT_INVALID: option '--kube-context <name>' cannot be used with option '--context <name>'/,
  },
  { args: ['doctor', 'pod/web-1', '--kubeconfig', '/nowhere'], error: /^INPUT_INVALID: "pod\/web-1" is not NAMESPACE/ },
  {
    args: ['doctor', 'pod', 'shop/web-1/x', '--kubeconfig', '/nowhere'],
    error: /^INPUT_INVALID: "shop\/web-1\/x" is not/,
  },
  { args: ['plan', '-n', 'Shop', '--kubeconfig', 'x'], error: /^INPUT_INVALID: --namespace: "Shop" is not the name/ },
  { args: ['doctor', '--fail-on', 'much'], error: /^INPUT_INVALID: option '--fail-on <severity>'/ },
  {
    args: ['doctor', '--context', 'a', '--kube-context', 'b'],
    error: /^INPUT_INVALID: option '--kube-context <name>' cannot be used with option '--context <name>'/,
  },
  { args: ['credential-provider'], error: /^INPUT_INVALID: required option '--config <file>' not specified/ },
  { args: ['helper'], error: /^INPUT_INVALID: required option '--config <file>' not specified/ },
  { args: ['apply', '-f', 'values.yaml'], error: /^INPUT_MISSING: no cluster is given/ },
  {
    args: ['apply', '--wait', 'maybe', '--kubeconfig', 'package.json'],
    error: /^INPUT_INVALID: --wait: "maybe" is neither/,
  },
  { args: ['plan', '--confirm', 'x'], error: /^INPUT_INVALID: unknown option '--confirm'/ },
  { args: ['plan', '--mode', 'apply'], error: /^INPUT_INVALID: unknown option '--mode'/ },
  { args: ['doctor', '--kubeconfig', '/nowhere'], error: /^KUBECONFIG_INVALID: / },
  { args: ['cleanup'], error: /^INPUT_MISSING: nothing to clean up was specified/ },
  { args: ['completion', 'tcsh'], error: /^INPUT_INVALID: there is no completion for "tcsh"/ },
]
for (const { args, error } of REFUSED) {
  test(`exit 2 and one clear line for: ${args.join(' ')}`, async () => {
    const { code, stdout, stderr } = await runBin(args)
    assert.deepEqual([code, stdout], [2, ''])
    assert.match(stderr, error)
    assert.match(stderr, /\n {2}fix: .+\n$/)
  })
}

test('a call without arguments prints the help, and flags without a command are an error', async () => {
  assert.deepEqual(await runBin([]), await runBin(['--help']))
  const { code, stderr } = await runBin(['--debug'])
  assert.equal(code, 2)
  assert.match(stderr, /^Usage: acr-nopass [\s\S]*INPUT_MISSING: a command is missing/)
})

test('with -o json a failure is data too', async () => {
  const { code, stdout, stderr } = await runBin(['doctor', '--kubeconfig', '/nowhere', '-o', 'json'])
  assert.deepEqual([code, stderr], [2, ''])
  assert.deepEqual(
    JSON.parse(stdout).errors.map(({ code }: { code: string }) => code),
    ['KUBECONFIG_INVALID'],
  )
})

test('P6 the content of a kubeconfig is never accepted as an argument', async () => {
  const { code, stderr } = await runBin(['apply', '--kubeconfig', 'apiVersion: v1\nkind: Config\nusers: [SECRET]'])
  assert.equal(code, 2)
  assert.match(stderr, /^INPUT_INVALID: --kubeconfig takes a file/)
  assert.doesNotMatch(stderr, /SECRET/)
})

test('every input of the action is a flag of apply, uninstall, doctor or login', async () => {
  const helps = await Promise.all(['apply', 'uninstall', 'doctor', 'login'].map((name) => runBin([name, '--help'])))
  const all = helps.map(({ stdout }) => stdout).join('')
  const missing = INPUT_NAMES.filter((name) => !all.includes(` ${flagOf(name)}`))
  assert.deepEqual(missing, ['mode', 'allow-on-pull-request'])
})

test('commands that write do not use the current context if there are several', async () => {
  const context = (name: string): object => ({ name, context: { cluster: 'c', user: 'u' } })
  const kubeconfig = join(folder, 'two-contexts.json')
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: { server: 'https://127.0.0.1:1' } }],
    users: [{ name: 'u', user: {} }],
    contexts: [context('staging'), context('production')],
    'current-context': 'production',
  }
  await writeFile(kubeconfig, JSON.stringify(config))
  for (const args of [
    ['refresh', '--kubeconfig', kubeconfig],
    ['cleanup', '--detach', '--kubeconfig', kubeconfig],
    ['apply', '--kubeconfig', kubeconfig],
    ['uninstall', '--kubeconfig', kubeconfig],
    ['helper', '--config', 'x', '--kubeconfig', kubeconfig],
  ]) {
    const { code, stderr } = await runBin(args)
    assert.equal(code, 2, args.join(' '))
    assert.match(stderr, /^INPUT_MISSING: the kubeconfig has several contexts.*\n.*staging, production\.\n$/)
  }
  const doctor = await runBin(['doctor', '--kubeconfig', kubeconfig])
  assert.equal(doctor.code, 1)
  assert.match(doctor.stderr, /^KUBE_UNREACHABLE: /)
})

test('works through a symbolic link, and as a kubectl plugin by its name', async () => {
  const link = join(folder, 'kubectl-acr_nopass')
  await symlink(BIN, link)
  const again = join(folder, 'again')
  await symlink('kubectl-acr_nopass', again)
  const plugin = await runBin(['--help'], { bin: link, cwd: folder })
  assert.equal(plugin.code, 0)
  assert.match(plugin.stdout, /^Usage: kubectl acr-nopass /)
  const twice = await runBin(['--version'], { bin: again, cwd: folder })
  assert.deepEqual([twice.code, twice.stdout], [0, `acr-nopass ${VERSION}\n`])
})

test('uses the next Node if the first is too old, and reports it if none fits', async () => {
  const tools = join(folder, 'tools')
  await mkdir(tools)
  for (const name of ['dirname', 'readlink']) await symlink(await which(name), join(tools, name))
  const fake = (version: string): string => `case $1 in --version) echo ${version} ;; *) echo "ran $*" ;; esac`
  const copy = join(folder, 'checkout/bin/acr-nopass')
  await mkdir(join(folder, 'checkout/bin'), { recursive: true })
  await cp(BIN, copy)
  const run = () => runBin(['doctor'], { bin: copy, env: { PATH: tools } })
  // Without sources beside it, bin/acr-nopass starts the bundle, which runs on older versions.
  const BUNDLE = /^ran --max-semi-space-size=8 --disable-warning=ExperimentalWarning .*\/dist\/acr-nopass\.js doctor\n$/
  for (const [version, fits] of [
    ['v20.1.0', false],
    ['v22.18.9', false],
    ['nonsense', false],
    ['v22.19.0', true],
    ['v23.0.0', true],
  ] as const) {
    await script(join(tools, 'node'), fake(version))
    const { code, stdout, stderr } = await run()
    assert.equal(code, fits ? 0 : 1, version)
    if (fits) assert.match(stdout, BUNDLE)
    else
      assert.match(
        stderr,
        new RegExp(`^acr-nopass needs Node\\.js 22\\.19 or newer; on PATH is: ${version}\\n {2}fix: .+\\n$`),
      )
  }
  await script(join(tools, 'node'), fake('v20.1.0'))
  const own = join(folder, 'checkout/node_modules/node-any/bin')
  await mkdir(own, { recursive: true })
  await script(join(own, 'node'), fake('v24.0.0'))
  const found = await run()
  assert.equal(found.code, 0)
  assert.match(found.stdout, BUNDLE)
  // Sources are TypeScript, which needs 24.
  const sources = join(folder, 'checkout/src/cli/start')
  await mkdir(sources, { recursive: true })
  await writeFile(join(sources, 'main.ts'), '')
  await rm(own, { recursive: true })
  await script(join(tools, 'node'), fake('v22.19.0'))
  assert.match((await run()).stderr, /^acr-nopass needs Node\.js 24 or newer; on PATH is: v22\.19\.0\n/)
})

test('the completion script offers commands and flags', async () => {
  const { stdout } = await runBin(['completion', 'bash'])
  const script = `${stdout}\nCOMP_CWORD=$1; shift; COMP_WORDS=(acr-nopass "$@"); _acr_nopass; echo "\${COMPREPLY[*]}"`
  const file = join(folder, 'complete.bash')
  await writeFile(file, script)
  const bash = await which('bash')
  const complete = async (...words: string[]): Promise<string> =>
    (await runBin([file, String(words.length), ...words], { bin: bash })).stdout.trim()
  assert.equal(await complete('pol'), 'policy')
  assert.equal(await complete('doctor', '--kube'), '--kubeconfig')
  assert.equal(await complete('plan', '--val'), '--values', 'not the old --values-files')
  assert.equal(await complete('doctor', 'p'), 'pod passwords')
  assert.equal(await complete('doctor', 'pod', '--ask'), '--ask-registry')
  assert.equal(await complete('doctor', '--ask'), '')
  assert.equal(await complete('doctor', '-n', 'home', '--fail'), '--fail-on')
  assert.equal(await complete('uninstall', '--ram-'), '--ram-cleanup', 'not --ram-scope, which has no effect there')
  assert.match((await runBin(['completion', 'zsh'])).stdout, /'doctor pod'\)/)
  const fish = (await runBin(['completion', 'fish'])).stdout.split('\n')
  assert.ok(fish.some((line) => line.includes("-n '__fish_seen_subcommand_from doctor' -f -a pod -d ")))
  const completions = fish.filter((line) => line.endsWith("-n '__fish_seen_subcommand_from doctor' -l ask-registry"))
  assert.equal(completions.length, 1)
})

async function script(file: string, text: string): Promise<void> {
  await writeFile(file, `#!/bin/sh\n${text}\n`)
  await chmod(file, 0o755)
}

async function which(name: string): Promise<string> {
  const { stdout } = await runBin(['-c', `command -v ${name}`], { bin: '/bin/sh' })
  return stdout.trim()
}

test('without a kubeconfig the error says how to name one', async () => {
  const home = await mkdtemp(join(tmpdir(), 'home-'))
  const { code, stderr } = await runBin(['doctor'], { env: { HOME: home } })
  await rm(home, { recursive: true })
  assert.equal(code, 2)
  assert.match(stderr, /^KUBECONFIG_INVALID: there is no kubeconfig: .*\n {2}fix: Name one with --kubeconfig FILE\.\n/)
})
