import type { ZooCluster } from './cluster.ts'
import { planOf, type ZooPlan } from './draw-zoo.ts'
import { runZoo } from './run-zoo.ts'

/**
 * Describes the violations of a seed, with the fewest features that still cause them, and the
 * command to run it again.
 */
export async function explain(zoo: ZooCluster, plan: ZooPlan): Promise<string> {
  const whole = planOf(plan.seed)
  let kept = whole.features.map((_, index) => index)
  let report = await runZoo(zoo, whole)
  const rules = new Set(report.violations.map(({ rule }) => rule))
  for (const index of [...kept]) {
    const fewer = kept.filter((one) => one !== index)
    const next = await runZoo(zoo, planOf(plan.seed, fewer))
    if (!next.violations.some(({ rule }) => rules.has(rule))) continue
    kept = fewer
    report = next
  }
  const { features, ...setup } = report.plan
  const only = kept.length === whole.features.length ? '' : ` --only ${kept.join()}`
  return [
    ...report.violations.slice(0, 5).map(({ rule, detail }) => `${rule}: ${detail}`),
    `setup: ${JSON.stringify(setup)}`,
    'the fewest features:',
    ...features.map(({ title }) => `  ${title}`),
    ...report.lines,
    `again: npm test -- zoo --seed ${plan.seed}${only}`,
  ].join('\n')
}
