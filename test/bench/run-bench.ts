import type { Progress } from '../../src/sandbox/progress.ts'
import { ensureTools } from '../../src/sandbox/tools/ensure-tools.ts'
import { buildPrograms } from './bed/programs.ts'
import type { BenchOptions } from './bench-options.ts'
import { describeResult } from './report/console-table.ts'
import { readMachine } from './report/machine.ts'
import { dependsOnMachine, isWithin } from './report/row.ts'
import { writePages } from './report/write-pages.ts'
import type { Scenario, ScenarioResult } from './scenarios/scenario.ts'
import { SCENARIOS } from './scenarios.ts'

export interface BenchDeps {
  readonly root: string
  /** Temporary, removed by the caller. */
  readonly folder: string
  readonly progress: Progress
  readonly print: (text: string) => void
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** The load average of one minute. */
  readonly load: () => number
}

const TOOLS = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'helm4'] as const

/**
 * Runs the chosen scenarios one after the other and prints their figures; the exit code. Only what does not depend on the
 * machine, such as an entry that was lost, makes it 1.
 */
export async function runBench(options: BenchOptions, deps: BenchDeps, signal: AbortSignal): Promise<number> {
  const { root, folder, progress, print } = deps
  const scenarios = choose(options)
  if (options.list) {
    for (const { name, title, minutes } of SCENARIOS) print(`${name.padEnd(16)} ${title.en} (${minutes} min)`)
    return 0
  }
  const total = scenarios.reduce((sum, { minutes }) => sum + minutes, 0)
  print(`${scenarios.length} scenarios, about ${Math.ceil(total)} minutes on an idle machine with two cores`)
  const tools = await ensureTools(TOOLS, { progress, signal })
  const programs = await progress.step('programs, bundled', () => buildPrograms(root, folder))
  const machine = await readMachine(tools)
  const { settings } = options
  let failed = false
  for (const scenario of scenarios) {
    const context = { root, tools, programs, settings, note: progress.note, signal }
    const before = deps.load()
    const result = await progress.step(scenario.title.en, (step) => scenario.run(context, step))
    print(describeResult(scenario, result))
    const conditions = { at: deps.now(), load: [before, deps.load()] } as const
    if (options.write) await writePages(root, scenario, result, conditions, machine)
    failed ||= isBroken(scenario, result)
  }
  return failed ? 1 : 0
}

/** @throws TypeError for a name that is none */
function choose({ names, long }: BenchOptions): readonly Scenario[] {
  for (const name of names) {
    if (!SCENARIOS.some((one) => one.name === name)) throw new TypeError(`there is no scenario ${name}`)
  }
  if (names.length > 0) return SCENARIOS.filter(({ name }) => names.includes(name))
  return SCENARIOS.filter((one) => long || one.long !== true)
}

function isBroken({ rows }: Scenario, { figures }: ScenarioResult): boolean {
  return rows.some((row) => {
    const numbers = figures[row.id]
    return numbers !== undefined && !dependsOnMachine(row) && isWithin(numbers, row.bars) === false
  })
}
