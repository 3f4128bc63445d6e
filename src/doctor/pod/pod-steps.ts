import type { ContainerFacts, PodFacts } from '../observed.ts'
import { answerCheck } from './check-answer.ts'
import { imageCheck } from './check-image.ts'
import { otherReasonCheck, pullCheck } from './check-pull.ts'
import { referenceCheck } from './check-reference.ts'
import { registryCheck } from './check-registry.ts'
import { secretCheck } from './check-secret.ts'
import { targetCheck } from './check-target.ts'
import type { PodCheck, Scene, StepResult, Verdict } from './scene.ts'

/** In the order in which a pull needs them: the first that is wrong is the reason. */
const CHECKS: readonly PodCheck[] = [
  imageCheck,
  registryCheck,
  otherReasonCheck,
  targetCheck,
  referenceCheck,
  secretCheck,
  answerCheck,
  pullCheck,
]

export interface PodStep {
  readonly step: string
  readonly state: 'ok' | 'wrong' | 'unknown'
  readonly detail: string
}

/** What each check says of one container, up to the first that is wrong. */
export function podSteps(pod: PodFacts, container: ContainerFacts, scene: Scene): readonly PodStep[] {
  return walk(pod, container, scene).map(({ step, state, detail }) => ({ step, state, detail }))
}

/** Why one container's image cannot be pulled; undefined: nothing is wrong that we know. */
export function judgeContainer(pod: PodFacts, container: ContainerFacts, scene: Scene): Verdict | undefined {
  const last = walk(pod, container, scene).at(-1)
  return last?.state === 'wrong' ? last.verdict : undefined
}

function walk(pod: PodFacts, container: ContainerFacts, scene: Scene): readonly (StepResult & { step: string })[] {
  const results: (StepResult & { step: string })[] = []
  for (const { name, check } of CHECKS) {
    const result = check(pod, container, scene)
    if (result === undefined) continue
    results.push({ step: name, ...result })
    if (result.state === 'wrong') break
  }
  return results
}
