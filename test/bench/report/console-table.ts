import type { Scenario, ScenarioResult } from '../scenarios/scenario.ts'
import { formatNumbers, isWithin } from './row.ts'

/** The figures of one scenario as lines for a terminal. */
export function describeResult({ name, rows }: Scenario, { figures, unit, notes }: ScenarioResult): string {
  const lines = rows.flatMap(({ id, title, measure, bars }) => {
    const numbers = figures[id]
    if (numbers === undefined) return []
    const within = isWithin(numbers, bars)
    const mark = within === undefined ? ' ' : within ? '✔' : '✖'
    const bar = bars === undefined ? '' : `   (at most ${formatNumbers(bars, measure)})`
    return [`  ${mark} ${title.en}: ${formatNumbers(numbers, measure)}${bar}`]
  })
  const head = unit === undefined ? name : `${name}: one write takes ${unit.p50.toFixed(1)} / ${unit.p99.toFixed(1)} ms`
  return [head, ...lines, ...notes.map((note) => `    ${note}`)].join('\n')
}
