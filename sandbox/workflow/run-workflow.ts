import { spawn } from 'node:child_process'
import { mkdir, symlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { orElse } from '../../src/lib/or-else.ts'
import type { GithubRunner } from '../cloud/sts/github-oidc.ts'

interface WorkflowOptions {
  /** The path of act, which runs jobs on this machine without Docker. */
  readonly act: string
  /** The path of the Helm that is `helm` on the steps' PATH; undefined: none. */
  readonly helm?: string
  /** A folder with further programs for the steps. */
  readonly programs?: string
  /** The folder of the repository (prepare-workspace.ts). */
  readonly workspace: string
  /** The name of a file in `.github/workflows`. */
  readonly workflow: string
  readonly event: 'push' | 'workflow_dispatch' | 'pull_request'
  /** A folder to which act and the steps may write. */
  readonly scratch: string
  /** The repository's variables (`vars.*`), which are not secret. */
  readonly variables: Readonly<Record<string, string>>
  /** The inputs of a workflow_dispatch (`inputs.*`). */
  readonly inputs?: Readonly<Record<string, string>>
  /** Access to ID tokens, which `permissions: id-token: write` grants. */
  readonly idToken: GithubRunner
  /** Called for each line that a step writes. */
  readonly onLine?: (line: string) => void
}

/**
 * Runs a workflow with act on this machine. An abort sends SIGINT, as GitHub does when a run is
 * cancelled.
 */
export async function runWorkflow(options: WorkflowOptions, signal: AbortSignal): Promise<WorkflowRecord> {
  const home = join(options.scratch, 'home')
  const programs = join(options.scratch, 'bin')
  await mkdir(home, { recursive: true })
  await mkdir(programs)
  if (options.helm !== undefined) await symlink(options.helm, join(programs, 'helm'))
  const child = spawn(options.act, engineArguments(options), {
    cwd: options.workspace,
    stdio: ['ignore', 'pipe', 'pipe'],
    // act gets a process group of its own, so that Ctrl-C reaches it only through `signal`.
    detached: true,
    env: {
      PATH: [dirname(process.execPath), programs, options.programs ?? programs, process.env.PATH ?? ''].join(':'),
      HOME: home,
      // act passes these variables to the steps. Unlike arguments, variables are not visible in
      // act's command line.
      ACTIONS_ID_TOKEN_REQUEST_URL: options.idToken.requestUrl,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: options.idToken.requestToken,
    },
  })
  const cancel = (): void => void child.kill('SIGINT')
  signal.addEventListener('abort', cancel, { once: true })
  const lines: string[] = []
  const keep = (line: string): void => {
    lines.push(line)
    const text = liveText(line)
    if (text !== undefined) options.onLine?.(text)
  }
  for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on('line', keep)
  const exitCode = await new Promise<number>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve(code ?? 1))
  }).finally(() => signal.removeEventListener('abort', cancel))
  signal.throwIfAborted()
  return readWorkflowRecord(lines, exitCode)
}

function engineArguments(options: WorkflowOptions): string[] {
  const pairs = (flag: string, values: Readonly<Record<string, string>>): string[] =>
    Object.entries(values).flatMap(([name, value]) => [flag, `${name}=${value}`])
  return [
    options.event,
    '--json',
    '--workflows',
    join('.github', 'workflows', options.workflow),
    '--platform',
    'ubuntu-latest=-self-hosted',
    '--pull=false',
    '--no-cache-server',
    '--action-cache-path',
    join(options.scratch, 'act'),
    ...pairs('--var', options.variables),
    ...pairs('--input', options.inputs ?? {}),
  ]
}

/** The result of a workflow run. */
export type WorkflowRecord = ReturnType<typeof readWorkflowRecord>

interface EngineLine {
  readonly command?: string
  readonly name?: string
  readonly arg?: string
  readonly content?: string
  readonly msg?: string
  readonly raw?: string
  readonly raw_output?: boolean
}

/** Parses the output of `act --json`; a line that is not JSON counts as written by a step. */
export function readWorkflowRecord(lines: readonly string[], exitCode: number) {
  /** The lines that the steps wrote, with annotations as `::error …`. */
  const log: string[] = []
  /** Outputs by name. Outputs of later steps take precedence. */
  const outputs: Record<string, string> = {}
  /** The summaries of all jobs (Markdown). */
  let summary = ''
  for (const line of lines.map(parseLine)) {
    const { command } = line
    if (command === 'summary') summary += line.content ?? ''
    else if (command === 'set-output') outputs[line.name ?? ''] = line.arg ?? ''
    // The line of a mask is dropped, because it contains the secret itself.
    else if (command === 'add-mask') continue
    else if (command !== undefined) log.push((line.raw ?? line.msg ?? '').trimEnd())
    else if (line.raw_output) log.push((line.msg ?? '').trimEnd())
  }
  return { succeeded: exitCode === 0, summary, outputs, log }
}

/** Returns the text that a step wrote, for progress; undefined for act's own messages. */
export function liveText(text: string): string | undefined {
  const line = parseLine(text)
  return line.raw_output && line.msg ? line.msg.trim() : undefined
}

function parseLine(text: string): EngineLine {
  return orElse(() => JSON.parse(text) as EngineLine, { raw_output: true, msg: text })
}
