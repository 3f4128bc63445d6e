import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { median } from '../fixture/statistics.ts'
import type { BenchContext, Measured, Scenario } from '../scenario.ts'

const ROUNDS = 21

/** How fast the command line tool and the action start, compared with a Node that does nothing. */
export const startUp: Scenario = {
  name: 'start-up',
  title: { en: 'Start of the command line tool and the action', zh: '命令行工具与 Action 的启动' },
  minutes: 0.5,
  measure: measureStartUp,
}

interface Command {
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** Until it exits, or writes its first line. */
  readonly until: 'end' | 'line'
}

async function measureStartUp({ root, programs, report, signal }: BenchContext): Promise<Measured> {
  const values = 'examples/values/production.yaml'
  const action = {
    INPUT_MODE: 'validate',
    'INPUT_VALUES-FILES': values,
    GITHUB_WORKSPACE: root,
    RUNNER_TEMP: programs.folder,
  }
  const commands = {
    bare: { args: ['--eval', '0'], env: {}, until: 'end' },
    validate: {
      args: [join(programs.cli, 'acr-nopass.js'), 'validate', '-f', values],
      env: { HOME: programs.folder },
      until: 'end',
    },
    action: { args: [join(root, 'action/dist/main.js')], env: action, until: 'line' },
  } as const satisfies Record<string, Command>
  const times = { bare: [] as number[], validate: [] as number[], action: [] as number[] }
  // One round of all before the next, so that other load on the machine affects all equally.
  for (let round = 0; round < ROUNDS; round += 1) {
    report(`round ${round + 1} of ${ROUNDS}`)
    for (const name of ['bare', 'validate', 'action'] as const)
      times[name].push(await time(commands[name], root, signal))
  }
  const against = (all: readonly number[]): number => median(all) / median(times.bare)
  return {
    figures: { validate: [against(times.validate)], 'action-line': [against(times.action)] },
    notes: [
      `medians of ${ROUNDS}: bare node ${median(times.bare).toFixed(0)} ms, validate ${median(times.validate).toFixed(0)} ms, action ${median(times.action).toFixed(0)} ms`,
    ],
  }
}

/** @throws Error when a command that is measured until it exits fails */
function time({ args, env, until }: Command, cwd: string, signal: AbortSignal): Promise<number> {
  return new Promise((resolve, reject) => {
    const begin = performance.now()
    const child = spawn(process.execPath, args, { cwd, env: { PATH: '/usr/bin:/bin', ...env }, signal })
    let first: number | undefined
    child.stdout.on('data', () => {
      first ??= performance.now()
    })
    let errors = ''
    child.stderr.on('data', (chunk: Buffer) => {
      errors += chunk.toString()
    })
    child.once('error', reject)
    child.once('close', (code) => {
      if (code !== 0) return reject(new Error(`node ${args.join(' ')} ended with ${code}: ${errors}`))
      const end = until === 'line' ? first : performance.now()
      if (end === undefined) return reject(new Error(`node ${args.join(' ')} wrote nothing`))
      resolve(end - begin)
    })
  })
}
