import { type Plan, type Report, simulate } from './simulate.ts'

/** Removes faults while the same rule is still broken, until no further fault can be removed. */
export async function shrink(plan: Plan): Promise<Report> {
  let best = await simulate(plan)
  const rule = best.violations[0]?.rule
  if (rule === undefined) return best
  const breaks = async (faults: Plan['faults']): Promise<boolean> => {
    const report = await simulate({ ...plan, faults })
    const same = report.violations.some((one) => one.rule === rule)
    if (same) best = report
    return same
  }
  for (let size = Math.ceil(best.plan.faults.length / 2); size >= 1; ) {
    let removed = false
    for (let from = 0; from < best.plan.faults.length; ) {
      const { faults } = best.plan
      if (await breaks(faults.toSpliced(from, size))) removed = true
      else from += size
    }
    if (size === 1 && !removed) break
    size = size === 1 ? 1 : Math.floor(size / 2)
  }
  return best
}
