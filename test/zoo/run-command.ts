import { addCleanup } from '../../src/cli/cleanup/command.ts'
import { addDoctor } from '../../src/cli/doctor/command.ts'
import { addImport } from '../../src/cli/import/command.ts'
import type { CliHost } from '../../src/cli/program/cli-host.ts'
import { runCli } from '../../src/cli/program/run-command-line.ts'
import { addRefresh } from '../../src/cli/refresh/command.ts'
import { addRollout } from '../../src/cli/rollout/command.ts'
import { toNopassError } from '../../src/errors.ts'
import { ROOT } from '../cli/run-bin.ts'
import { withClockAhead } from './clock-ahead.ts'
import type { Rendered, ZooCluster } from './cluster.ts'

export interface CommandResult {
  /** The exit code; -1 if the command threw an error. */
  readonly code: number
  readonly stdout: string
  readonly stderr: string
  /** The code of the error that the command threw. */
  readonly error: string | undefined
}

/**
 * Runs a command like the command line tool, in this process, on a machine whose clock is `aheadMs`
 * ahead.
 */
export async function runCommand(zoo: ZooCluster, argv: readonly string[], aheadMs = 0): Promise<CommandResult> {
  let [stdout, stderr] = ['', '']
  const host: CliHost = {
    argv,
    program: 'acr-nopass',
    env: { PATH: zoo.path, HOME: zoo.folder, TMPDIR: zoo.folder },
    workingDirectory: ROOT,
    pid: process.pid,
    root: ROOT,
    temporaryFolder: zoo.folder,
    stdout: { write: (text: string) => (stdout += text) },
    stderr: { write: (text: string) => (stderr += text) },
    signal: new AbortController().signal,
  }
  const commands = [addCleanup, addDoctor, addImport, addRefresh, addRollout]
  try {
    const code = await withClockAhead(aheadMs, () => runCli(host, commands))
    return { code, stdout, stderr, error: undefined }
  } catch (error) {
    const { code, message } = toNopassError(error)
    return { code: -1, stdout, stderr: `${stderr}${code}: ${message}`, error: code }
  }
}

/**
 * The user's machine on which a command is pasted. `releases` are the releases that Helm knows, by
 * `namespace/name`.
 */
export interface Shell {
  readonly zoo: ZooCluster
  readonly releases: ReadonlyMap<string, Rendered>
  /** How far that machine's clock is ahead, in milliseconds. */
  readonly aheadMs: number
}

/**
 * Runs a printed command like a shell. Returns whether the command may have changed anything.
 * Throws for an unknown command.
 */
export async function runPrinted(shell: Shell, command: string): Promise<boolean> {
  const files = new Map<string, Rendered>()
  let wrote = false
  for (const pipeline of command.split(' && ')) {
    let stdin: Rendered | undefined
    for (const part of pipeline.split(' | ')) {
      const [words = [], file] = redirect(wordsOf(part))
      const [program, ...all] = words
      const rest = withoutFlags(all, ['--kubeconfig', '--context', '--kube-context'])
      if (program === 'helm') stdin = manifestOf(shell, rest)
      else if (program === 'kubectl') wrote = (await kubectl(shell, rest, stdin, files)) || wrote
      else if (program === 'acr-nopass') {
        await ourOwn(shell, all)
        wrote = true
      } else if (program !== 'timedatectl') throw new Error(`what is ${program}? (${command})`)
      if (file !== undefined && stdin !== undefined) files.set(file, stdin)
    }
  }
  return wrote
}

/** How long a command waits for the helper, long enough for a slow machine. */
const PATIENCE = ['--timeout', '10m']

/** `refresh` waits for the helper, which runs at the same time. */
async function ourOwn({ zoo, releases, aheadMs }: Shell, words: readonly string[]): Promise<void> {
  if (words[0] !== 'refresh') {
    const { code, stderr } = await runCommand(zoo, words, aheadMs)
    if (code !== 0) throw new Error(`${words.join(' ')}: ${stderr}`)
    return
  }
  const [release] = releases.values()
  const refresh = runCommand(zoo, [...words, ...PATIENCE], aheadMs)
  let result: CommandResult | undefined
  void refresh.then((one) => (result = one))
  const helped = release && zoo.runHelper(release, { until: () => result !== undefined })
  const [{ code, stderr }] = await Promise.all([refresh, helped])
  if (code !== 0) throw new Error(`${words.join(' ')}: ${stderr}`)
}

function wordsOf(command: string): readonly string[] {
  return [...command.matchAll(/(?:'[^']*'|[^\s'])+/g)].map(([word]) => word.replaceAll("'", ''))
}

function redirect(words: readonly string[]): readonly [readonly string[], string | undefined] {
  const index = words.indexOf('>')
  return index < 0 ? [words, undefined] : [words.slice(0, index), words[index + 1]]
}

function withoutFlags(words: readonly string[], names: readonly string[]): readonly string[] {
  return words.filter((word, index) => !names.includes(word) && !names.includes(words[index - 1] ?? ''))
}

function option(words: readonly string[], name: string): string | undefined {
  const index = words.indexOf(name)
  return index < 0 ? undefined : words[index + 1]
}

function manifestOf({ releases }: Shell, words: readonly string[]): Rendered {
  const rest = withoutFlags(words, ['-n'])
  const found = releases.get(`${option(words, '-n')}/${rest[2]}`)
  if (rest[0] !== 'get' || rest[1] !== 'manifest' || found === undefined) throw new Error(`helm ${words.join(' ')}`)
  return found
}

const READING = ['get', 'describe', 'logs', 'auth', 'version']

async function kubectl(
  { zoo }: Shell,
  words: readonly string[],
  stdin: Rendered | undefined,
  files: ReadonlyMap<string, Rendered>,
): Promise<boolean> {
  const namespace = option(words, '-n')
  const [verb = '', ...rest] = withoutFlags(words, ['-n'])
  if (READING.includes(verb)) return false
  if (verb === 'apply') {
    const file = option(rest, '-f') ?? ''
    const given = file === '-' ? stdin : files.get(file)
    if (given === undefined) throw new Error(`kubectl apply: nothing in ${file}`)
    await zoo.install(given)
    return true
  }
  if (verb === 'delete') {
    const [kind = '', name = ''] = rest
    const plurals: Readonly<Record<string, string>> = {
      secret: `/api/v1/namespaces/${namespace}/secrets`,
      mutatingadmissionpolicy: '/apis/admissionregistration.k8s.io/v1/mutatingadmissionpolicies',
    }
    if (plurals[kind] === undefined) throw new Error(`kubectl delete ${kind}`)
    await zoo.remove(`${plurals[kind]}/${name}`)
    return true
  }
  // The command only recreates Pods, and there are none.
  if (verb === 'rollout' && rest[0] === 'restart') return true
  throw new Error(`kubectl ${words.join(' ')}`)
}
