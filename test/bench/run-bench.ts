import { ensureTools } from '../../tools/build/ensure-tools.ts'
import type { Progress } from '../../tools/progress.ts'
import { describeFailure } from '../../tools/testbed-error.ts'
import type { BenchOptions } from './bench-options.ts'
import { FIGURES, type Figure } from './figures.ts'
import { buildPrograms } from './fixture/programs.ts'
import { readMachine } from './report/machine.ts'
import { formatNumbers } from './report/numbers.ts'
import { writePages } from './report/write-pages.ts'
import { isBroken, type Outcome, runScenario, type ScenarioResult } from './run-scenario.ts'
import { SCENARIOS } from './scenarios.ts'

export interface BenchDeps {
  readonly root: string
  /** A temporary folder, removed by the caller. */
  readonly folder: string
  readonly progress: Progress
  readonly print: (text: string) => void
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** The load average over one minute. */
  readonly load: () => number
}

const TOOLS = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'helm4'] as const

/**
 * Runs the selected scenarios one after the other and prints their figures; returns the exit code.
 * Only failures that do not depend on the machine, such as a lost entry, make it 1.
 */
export async function runBench(options: BenchOptions, deps: BenchDeps, signal: AbortSignal): Promise<number> {
  const { root, folder, progress, print } = deps
  const scenarios = SCENARIOS.filter(({ name }) => options.scenarios.includes(name))
  const figures = FIGURES.filter(({ id }) => options.figures.includes(id))
  if (options.list) {
    for (const { name, title, minutes } of scenarios) {
      print(`${name}: ${title.en} (${minutes} min)`)
      for (const figure of figures.filter(({ scenario }) => scenario === name)) print(`  ${describeFigure(figure)}`)
    }
    return 0
  }
  const total = scenarios.reduce((sum, { minutes }) => sum + minutes, 0)
  print(`${scenarios.length} scenarios, about ${Math.ceil(total)} minutes on an idle machine with two cores`)
  const tools = await ensureTools(TOOLS, { progress, signal })
  const programs = await progress.step('programs, bundled', () => buildPrograms(root, folder))
  const machine = await readMachine(tools)
  const { settings } = options
  const missed: string[] = []
  let failed = false
  for (const [index, scenario] of scenarios.entries()) {
    const before = deps.load()
    const title = `${index + 1} of ${scenarios.length}: ${scenario.title.en}`
    try {
      const result = await progress.step(title, ({ update: report }) =>
        runScenario(scenario, { root, tools, programs, settings, report, note: progress.note, signal }, figures),
      )
      print(describeResult(scenario.name, result))
      const conditions = { at: deps.now(), load: [before, deps.load()] } as const
      if (options.write) await writePages(root, scenario, result, conditions, machine)
      failed ||= isBroken(result)
      missed.push(...result.outcomes.filter(({ within }) => within === false).map(({ figure }) => figure.id))
    } catch (error) {
      if (signal.aborted) throw error
      // The others are still measured.
      print(`${scenario.name}: not measured\n${describeFailure(error)}`)
      failed = true
      missed.push(...figures.filter((one) => one.scenario === scenario.name).map(({ id }) => id))
    }
  }
  print(missed.length === 0 ? 'every bar is met' : `over their bar or not measured: ${missed.join(', ')}`)
  return failed ? 1 : 0
}

function describeResult(name: string, { outcomes, notes }: ScenarioResult): string {
  return [name, ...outcomes.map(describeOutcome), ...notes.map((note) => `    ${note}`)].join('\n')
}

function describeOutcome({ figure, numbers, within }: Outcome): string {
  const mark = within === undefined ? ' ' : within ? '✔' : '✖'
  return `  ${mark} ${describeFigure(figure)}: ${formatNumbers(numbers, figure.measure)}`
}

function describeFigure({ id, title, against, measure, bars }: Figure): string {
  const compared = against === undefined ? '' : `, against ${against.en}`
  const bar = bars === undefined ? '' : ` (at most ${formatNumbers(bars, measure)})`
  return `${id}: ${title.en}${compared}${bar}`
}
