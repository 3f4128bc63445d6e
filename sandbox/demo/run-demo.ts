import { join } from 'node:path'
import { formatDuration } from '../../src/lib/format-duration.ts'
import type { Progress } from '../../tools/progress.ts'
import type { Environment } from '../environment/start-environment.ts'
import { STEPS } from './steps.ts'

/**
 * Runs the steps and prints the closing table.
 * @throws the error of the first failed step
 */
export async function runDemo(environment: Environment, progress: Progress, signal: AbortSignal): Promise<void> {
  const workspace = join(environment.run.folder, 'platform')
  const context = { environment, workspace, print: (text: string) => progress.note(text), signal }
  const outcomes: StepOutcome[] = []
  for (const [index, step] of STEPS.entries()) {
    const title = `${index + 1}/${STEPS.length} ${step.title}`
    if (step.needsNode && environment.nodeObstacle !== undefined) {
      progress.note(`– ${title}: skipped, no real node: ${environment.nodeObstacle}`)
      outcomes.push({ proves: step.proves, time: '–', result: `skipped: ${environment.nodeObstacle}` })
      continue
    }
    const since = performance.now()
    const result = await progress.step(title, async (handle) => {
      const text = await step.run(context, handle)
      handle.update(text)
      return text
    })
    outcomes.push({ proves: step.proves, time: formatDuration(performance.now() - since), result })
  }
  progress.note(closingTable(outcomes))
}

/** One row of the closing table. */
export interface StepOutcome {
  readonly proves: string
  readonly time: string
  readonly result: string
}

const NEXT = `
What to try next
  npm run sandbox -- up        keeps the clusters and the cloud running, with kubeconfigs to use
  npm run sandbox -- cloud     serves only the emulated Alibaba Cloud, for any client in any language
  npm test                     tests every promise
  bin/acr-nopass --help        the command line tool
`

/** Renders the closing table: what each step proves, its duration and its result. */
export function closingTable(outcomes: readonly StepOutcome[]): string {
  const width = Math.max(...outcomes.map(({ proves }) => proves.length))
  const timeWidth = Math.max(...outcomes.map(({ time }) => time.length))
  const lines = outcomes.map(
    ({ proves, time, result }) => `  ${proves.padEnd(width)}  ${time.padStart(timeWidth)}  ${result}`,
  )
  return `\nShown\n${lines.join('\n')}\n${NEXT}`
}
