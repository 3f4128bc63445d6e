import type { Verdict } from '../finding.ts'
import type { ContainerFacts, PodFacts } from '../observed.ts'
import { checkImage, checkRegistry, checkTarget } from './check-coverage.ts'
import { checkOtherReason, checkPull, checkResponse } from './check-pull.ts'
import { checkReference, checkSecret } from './check-pull-secret.ts'
import type { PodCheck, PodContext, StepResult } from './pod-context.ts'

/** In the order of a pull: the first failed step is the reason. */
const CHECKS: readonly (readonly [step: string, check: PodCheck])[] = [
  ['image', checkImage],
  ['registry', checkRegistry],
  ['node', checkOtherReason],
  ['namespace', checkTarget],
  ['reference', checkReference],
  ['Secret', checkSecret],
  ["registry's response", checkResponse],
  ['node', checkPull],
]

/** The results of the checks for one container, up to the first failed one. */
export function podSteps(pod: PodFacts, container: ContainerFacts, context: PodContext) {
  return walk(pod, container, context).map(({ step, state, detail }) => ({ step, state, detail }))
}

/** Why one container's image cannot be pulled; undefined: no known reason. */
export function judgeContainer(pod: PodFacts, container: ContainerFacts, context: PodContext): Verdict | undefined {
  const last = walk(pod, container, context).at(-1)
  return last?.state === 'wrong' ? last.verdict : undefined
}

function walk(
  pod: PodFacts,
  container: ContainerFacts,
  context: PodContext,
): readonly (StepResult & { step: string })[] {
  const results: (StepResult & { step: string })[] = []
  for (const [step, check] of CHECKS) {
    const result = check(pod, container, context)
    if (result === undefined) continue
    results.push({ step, ...result })
    if (result.state === 'wrong') break
  }
  return results
}
