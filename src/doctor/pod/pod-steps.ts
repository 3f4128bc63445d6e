import type { ContainerFacts, Observed, PodFacts } from '../observed.ts'
import { checkImage, checkRegistry, checkTarget } from './check-coverage.ts'
import { checkMessage, checkOtherReason, checkPull, checkResponse } from './check-pull.ts'
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

export type Step = StepResult & { readonly step: string }

/**
 * The results of the checks for one container, up to the first failed one. Without the release's
 * configuration only those that need none. A Pod that is over will pull nothing, so there are none.
 */
export function podSteps(
  pod: PodFacts,
  container: ContainerFacts,
  observed: Observed,
  context: PodContext | undefined,
): readonly Step[] {
  if (pod.over !== undefined) return []
  const steps: Step[] = []
  const checks: readonly (readonly [string, () => StepResult | undefined])[] =
    context === undefined
      ? [
          ['image', () => checkImage(pod, container)],
          ['node', () => checkMessage(pod, container, observed.now)],
        ]
      : CHECKS.map(([step, check]) => [step, () => check(pod, container, context)])
  for (const [step, check] of checks) {
    const result = check()
    if (result === undefined) continue
    steps.push({ step, ...result })
    if (result.state === 'wrong') break
  }
  return steps
}
