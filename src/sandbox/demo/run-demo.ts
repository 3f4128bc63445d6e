import { formatDuration } from '../duration.ts'
import type { Progress } from '../progress.ts'
import type { World } from '../world/world.ts'
import { closingTable, type StepOutcome } from './closing-table.ts'
import type { DemoMemory, DemoStep } from './demo-step.ts'
import { cleanExit } from './steps/clean-exit.ts'
import { earlyRotation } from './steps/early-rotation.ts'
import { firstRollout } from './steps/first-rollout.ts'
import { lostPermission } from './steps/lost-permission.ts'
import { newNamespace } from './steps/new-namespace.ts'
import { refusedPull } from './steps/refused-pull.ts'
import { idleRollout, repairingRollout } from './steps/second-rollout.ts'

const STEPS: readonly DemoStep[] = [
  refusedPull,
  firstRollout,
  newNamespace,
  earlyRotation,
  idleRollout,
  lostPermission,
  repairingRollout,
  cleanExit,
]

/** Shows the whole job, step by step, and ends with a table. Throws what the first failed step throws. */
export async function runDemo(
  world: World,
  progress: Progress,
  signal: AbortSignal,
  now: () => number = () => performance.now(),
): Promise<void> {
  const memory: DemoMemory = { workspace: undefined, secretMs: undefined, podMs: undefined }
  const context = { world, memory, print: (text: string) => progress.note(text), signal }
  const outcomes: StepOutcome[] = []
  for (const [index, step] of STEPS.entries()) {
    const title = `${index + 1}/${STEPS.length} ${step.title}`
    if (step.needsNode && world.nodeObstacle !== undefined) {
      progress.note(`– ${title}: left out, no real node: ${world.nodeObstacle}`)
      outcomes.push({ title: step.title, proves: step.proves, time: '–', result: `left out: ${world.nodeObstacle}` })
      continue
    }
    const since = now()
    const result = await progress.step(title, async (handle) => {
      const text = await step.run(context, handle)
      handle.update(text)
      return text
    })
    outcomes.push({ title: step.title, proves: step.proves, time: formatDuration(now() - since), result })
  }
  progress.note(closingTable(outcomes))
}
