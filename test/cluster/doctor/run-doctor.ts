import { tmpdir } from 'node:os'
import { addDoctor } from '../../../src/cli/doctor/command.ts'
import type { CliHost } from '../../../src/cli/program/cli-host.ts'
import { runCli } from '../../../src/cli/program/run-command-line.ts'
import type { Finding } from '../../../src/doctor/finding.ts'
import { ROOT } from '../../cli/run-bin.ts'

export interface DoctorReport {
  readonly healthy: boolean
  readonly findings: readonly Finding[]
  readonly unread: readonly { readonly what: string; readonly why: string }[]
  readonly cloud: {
    readonly looked: boolean
    readonly why?: string
    readonly caller?: string
    readonly notes: readonly { readonly what: string; readonly why: string }[]
  }
  readonly pod?: {
    readonly containers: readonly {
      readonly steps: readonly { readonly step: string; readonly state: string; readonly detail: string }[]
    }[]
  }
}

export interface DoctorRun {
  readonly code: number
  readonly text: string
  readonly report: DoctorReport
}

/**
 * Runs `doctor … -o json` like the command line tool. It runs in this process, because a table
 * calls it a hundred times.
 */
export async function runDoctor(
  kubeconfig: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<DoctorRun> {
  let text = ''
  const stdout = { write: (part: string) => (text += part) }
  const host: CliHost = {
    argv: ['doctor', ...args, '--kubeconfig', kubeconfig, '-o', 'json'],
    program: 'acr-nopass',
    env,
    workingDirectory: ROOT,
    pid: process.pid,
    root: ROOT,
    temporaryFolder: tmpdir(),
    stdout,
    stderr: { write: () => undefined },
    signal: new AbortController().signal,
  }
  const code = await runCli(host, [addDoctor])
  return { code, text, report: JSON.parse(text) }
}
