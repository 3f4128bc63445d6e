import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parse } from 'yaml'
import { readFileCommands } from './file-commands.ts'
import { type Annotation, readCommands } from './stdout-commands.ts'

const root = resolve(import.meta.dirname, '..', '..', '..')

export interface ActionRun {
  readonly inputs: Readonly<Record<string, string>>
  readonly env?: Readonly<Record<string, string>>
  readonly stage?: 'main' | 'post'
  /** The state that the previous stage saved. */
  readonly state?: Readonly<Record<string, string>>
  readonly workspace?: string
  /** Kept between the stages of one step, like RUNNER_TEMP. */
  readonly temp?: string
  /** Ends the process as a runner does. */
  readonly until?: AbortSignal
  /** Called with the process once it runs, to send it the runner's signals. */
  readonly onStart?: (child: ChildProcess) => void
}

export interface ActionOutcome {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly milliseconds: number
  readonly outputs: Readonly<Record<string, string>>
  readonly state: Readonly<Record<string, string>>
  /** Variables for later steps. */
  readonly exported: Readonly<Record<string, string>>
  readonly summary: string
  readonly annotations: readonly Annotation[]
  readonly masks: readonly string[]
  readonly stdout: string
  readonly stderr: string
  readonly temp: string
}

/**
 * Runs one stage of the committed bundle as the runner does, with its env, files and cwd. The stage
 * gets nothing else of this process.
 */
export async function runAction(run: ActionRun): Promise<ActionOutcome> {
  const { stage = 'main' } = run
  const meta = parse(await readFile(join(root, 'action.yml'), 'utf8'))
  const temp = run.temp ?? (await mkdtemp(join(tmpdir(), 'acr-nopass-runner-')))
  const files = await makeFiles(temp)
  const child = spawn(process.execPath, [join(root, meta.runs[stage])], {
    cwd: run.workspace ?? temp,
    env: {
      ...runnerEnvironment(temp, run.workspace ?? temp),
      ...inputVariables(meta.inputs, run.inputs),
      ...stateVariables(run.state),
      ...files.env,
      ...run.env,
      // Node would pass the variable on by itself, and the coverage of a bundle is not that of
      // src/.
      NODE_V8_COVERAGE: '',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const begin = performance.now()
  run.onStart?.(child)
  const end = (): void => void child.kill('SIGINT')
  if (run.until?.aborted) end()
  run.until?.addEventListener('abort', end, { once: true })
  child.once('exit', () => run.until?.removeEventListener('abort', end))
  const [stdout, stderr, [code, signal]] = await Promise.all([
    readAll(child.stdout),
    readAll(child.stderr),
    once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>,
  ])
  return {
    code,
    signal,
    milliseconds: performance.now() - begin,
    ...readCommands(stdout),
    outputs: readFileCommands(await readFile(files.env.GITHUB_OUTPUT, 'utf8')),
    state: readFileCommands(await readFile(files.env.GITHUB_STATE, 'utf8')),
    exported: readFileCommands(await readFile(files.env.GITHUB_ENV, 'utf8')),
    summary: await readFile(files.env.GITHUB_STEP_SUMMARY, 'utf8'),
    stdout,
    stderr,
    temp,
  }
}

function runnerEnvironment(temp: string, workspace: string): Record<string, string> {
  return {
    PATH: process.env.PATH ?? '',
    HOME: temp,
    CI: 'true',
    GITHUB_ACTIONS: 'true',
    GITHUB_EVENT_NAME: 'push',
    GITHUB_REPOSITORY: 'octo/deploy',
    GITHUB_REPOSITORY_OWNER: 'octo',
    GITHUB_RUN_ID: '7',
    GITHUB_RUN_ATTEMPT: '1',
    GITHUB_SHA: '0'.repeat(40),
    GITHUB_WORKSPACE: workspace,
    RUNNER_TEMP: temp,
    RUNNER_TOOL_CACHE: join(temp, 'tool-cache'),
    RUNNER_OS: 'Linux',
    RUNNER_ARCH: 'X64',
  }
}

/** Every declared input is set, to its default or an empty string; hyphens stay in the names. */
function inputVariables(
  declared: Readonly<Record<string, { default?: string }>>,
  given: Readonly<Record<string, string>>,
): Record<string, string> {
  const defaults = Object.entries(declared).map(([name, { default: value = '' }]) => [name, value] as const)
  const all = Object.entries({ ...Object.fromEntries(defaults), ...given })
  return Object.fromEntries(all.map(([name, value]) => [`INPUT_${name.replaceAll(' ', '_').toUpperCase()}`, value]))
}

function stateVariables(state: Readonly<Record<string, string>> = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(state).map(([name, value]) => [`STATE_${name}`, value]))
}

async function makeFiles(temp: string) {
  const folder = await mkdtemp(join(await ensure(join(temp, '_runner_file_commands')), 'stage-'))
  const file = async (name: string): Promise<string> => {
    await writeFile(join(folder, name), '')
    return join(folder, name)
  }
  return {
    env: {
      GITHUB_OUTPUT: await file('output'),
      GITHUB_STATE: await file('state'),
      GITHUB_ENV: await file('env'),
      GITHUB_PATH: await file('path'),
      GITHUB_STEP_SUMMARY: await file('summary'),
    },
  }
}

async function ensure(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true })
  return folder
}

async function readAll(stream: NodeJS.ReadableStream): Promise<string> {
  let text = ''
  stream.setEncoding('utf8')
  for await (const chunk of stream) text += chunk
  return text
}
