import { ANY, FIGURES, type Figure } from './figures.ts'
import { median } from './fixture/statistics.ts'
import { formatNumber } from './report/numbers.ts'
import type { BenchContext, Measured, Scenario } from './scenario.ts'

/** A measured figure, and whether it is within its limits; undefined without limits. */
export interface Outcome {
  readonly figure: Figure
  readonly numbers: readonly number[]
  readonly within: boolean | undefined
}

export interface ScenarioResult extends Omit<Measured, 'figures'> {
  readonly outcomes: readonly Outcome[]
}

/** Measures a scenario, in rounds if it is repeated, and evaluates each of its figures. */
export async function runScenario(
  scenario: Scenario,
  context: BenchContext,
  figures: readonly Figure[] = FIGURES,
): Promise<ScenarioResult> {
  const count = scenario.repeated ? context.settings.rounds : 1
  const rounds: Measured[] = []
  for (let round = 1; round <= count; round += 1) {
    const report = (text: string): void => context.report(count === 1 ? text : `round ${round} of ${count}, ${text}`)
    rounds.push(await scenario.measure({ ...context, report }))
  }
  const own = figures.filter((figure) => figure.scenario === scenario.name)
  const outcomes = own.flatMap((figure): Outcome[] => {
    if (figure.long && !context.settings.long) return []
    const numbers = combine(figure, rounds)
    return [{ figure, numbers, within: isWithin(figure, numbers) }]
  })
  const notes = rounds.flatMap((round, index) =>
    round.notes.map((note) => (count === 1 ? note : `round ${index + 1}: ${note}`)),
  )
  const summary = `medians of ${count} rounds; for counts, the maximum`
  return {
    outcomes,
    notes: count === 1 ? notes : [summary, ...notes],
    pictures: Object.assign({}, ...rounds.map(({ pictures }) => pictures)),
  }
}

/** @throws Error when a round did not measure the figure */
function combine({ id, measure, scenario }: Figure, rounds: readonly Measured[]): readonly number[] {
  const all = rounds.map(({ figures }) => {
    const numbers = figures[id]
    if (numbers === undefined) throw new Error(`the scenario ${scenario} did not measure ${id}`)
    return numbers
  })
  const over = measure === 'count' ? (values: readonly number[]) => Math.max(...values) : median
  return (all[0] ?? []).map((_, index) => over(all.map((numbers) => numbers[index] ?? Number.NaN)))
}

/** Whether each number, as it is shown, is within its limit; undefined without limits. */
export function isWithin({ bars }: Pick<Figure, 'bars'>, numbers: readonly number[]): boolean | undefined {
  return bars?.every((bar, index) => bar === ANY || Number(formatNumber(numbers[index] ?? Number.NaN)) <= bar)
}

/**
 * A limit for time, memory or CPU may be exceeded on a busy machine; a limit for counted work must
 * not.
 */
export function dependsOnMachine(figure: Figure): boolean {
  return figure.dependsOnMachine ?? figure.measure !== 'count'
}

/** Whether there was a failure that does not depend on the machine, such as a lost entry. */
export function isBroken({ outcomes }: ScenarioResult): boolean {
  return outcomes.some(({ figure, within }) => within === false && !dependsOnMachine(figure))
}
