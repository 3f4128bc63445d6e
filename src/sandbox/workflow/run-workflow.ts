import { spawn } from 'node:child_process'
import { mkdir, symlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import type { GithubRunner } from '../cloud/sts/github-oidc.ts'
import { liveText, readWorkflowRecord, type WorkflowRecord } from './workflow-record.ts'

export interface WorkflowOptions {
  /** The engine: `act`, which runs jobs on this machine without Docker. */
  readonly act: string
  /** The Helm that the steps find on PATH, as `helm`. */
  readonly helm: string
  /** The repository (prepare-workspace.ts). */
  readonly workspace: string
  /** Which file, and the event that starts it. */
  readonly workflow: string
  readonly event: 'push' | 'workflow_dispatch' | 'pull_request'
  /** Where the engine and the steps may write. */
  readonly scratch: string
  /** `vars.*` of the repository; not secret. */
  readonly variables: Readonly<Record<string, string>>
  /** `inputs.*` of a workflow_dispatch. */
  readonly inputs?: Readonly<Record<string, string>>
  /** The right to ask for ID tokens, as `permissions: id-token: write` gives it. */
  readonly idToken: GithubRunner
  /** Told of each line that a step writes. */
  readonly onLine?: (line: string) => void
}

/** Runs a workflow as GitHub would, on this machine. SIGINT on abort, as a person's cancel does. */
export async function runWorkflow(options: WorkflowOptions, signal: AbortSignal): Promise<WorkflowRecord> {
  const home = join(options.scratch, 'home')
  const programs = join(options.scratch, 'bin')
  await mkdir(home, { recursive: true })
  await mkdir(programs)
  await symlink(options.helm, join(programs, 'helm'))
  const child = spawn(options.act, engineArguments(options), {
    cwd: options.workspace,
    stdio: ['ignore', 'pipe', 'pipe'],
    // a group of its own: a terminal's Ctrl-C reaches it through us alone
    detached: true,
    env: {
      PATH: [dirname(process.execPath), programs, process.env.PATH ?? ''].join(':'),
      HOME: home,
      // the engine hands these on to the steps; no command line shows the token
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
