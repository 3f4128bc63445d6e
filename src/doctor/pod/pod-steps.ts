import type { ContainerFacts, Observed, PodFacts } from '../observed.ts'
import { checkImage, checkLimit, checkRegistry, checkTarget } from './check-coverage.ts'
import { checkNodeLogin } from './check-node-login.ts'
import { checkMessage, checkOtherReason, checkPull, checkResponse } from './check-pull.ts'
import { checkReference, checkSecret } from './check-pull-secret.ts'
import type { PodCheck, PodContext, StepResult } from './pod-context.ts'

/** The checks, in the order of a pull. The first failed step is the reason. */
const CHECKS: readonly (readonly [step: string, check: PodCheck])[] = [
  ['image', checkImage],
  ['registry', checkRegistry],
  ['node', checkOtherReason],
  ["node's login", checkNodeLogin],
  ['namespace', checkTarget],
  ['limit', checkLimit],
  ['reference', checkReference],
  ['Secret', checkSecret],
  ["registry's response", checkResponse],
  ['node', checkPull],
]

/** Without a helper no Pod has a pull secret of the release. */
const OF_PULL_SECRETS = ['namespace', 'limit', 'reference', 'Secret']

export type Step = StepResult & { readonly step: string }

/**
 * Returns the results of the checks for one container, up to the first failed check. Without the
 * release's configuration, only the checks that do not need it run. Empty for a Pod that has ended,
 * because it pulls nothing.
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
      : CHECKS.filter(([step]) => context.config.helper.enabled || !OF_PULL_SECRETS.includes(step)).map(
          ([step, check]) => [step, () => check(pod, container, context)],
        )
  for (const [step, check] of checks) {
    const result = check()
    if (result === undefined) continue
    steps.push({ step, ...result })
    if (result.state === 'wrong' || result.isLast) break
  }
  return steps
}
