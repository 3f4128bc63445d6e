import { type DemoStep, expect } from '../demo-step.ts'
import { type RolloutResult, rollOut } from '../roll-out.ts'

/** Step 5: a second run changes nothing. */
export const idleRollout: DemoStep = {
  title: 'the workflow again',
  proves: 'P9: a run without changes does nothing',
  async run(context, step) {
    const { results, ramWrites } = await rollOut(context, 'rollout.yml', step)
    expect(
      results.every(({ status }) => status === 'unchanged'),
      `not unchanged: ${statuses(results)}`,
    )
    expect(
      results.every(({ revision: { from, to } }) => from === to),
      'a new Helm revision was created',
    )
    expect(ramWrites.length === 0, `RAM was changed by ${ramWrites.join(', ')}`)
    return `${statuses(results)}; no Helm revision, no RAM change`
  },
}

/** Step 7: after a change of the policy a run repairs the policy and nothing else. */
export const repairingRollout: DemoStep = {
  title: 'the workflow once more',
  proves: 'P9: the changed RAM policy is repaired, and nothing else is touched',
  async run(context, step) {
    const { results, ramWrites } = await rollOut(context, 'rollout.yml', step)
    // First a version with both permissions, then one with only the new ones, so that no pull fails in between.
    const repaired = ramWrites.length > 0 && ramWrites.every((action) => action === 'CreatePolicyVersion')
    expect(repaired, `RAM was changed by ${ramWrites.join(', ') || 'nothing'}`)
    return `${statuses(results)}; in RAM: ${ramWrites.join(', ')}`
  },
}

function statuses(results: readonly RolloutResult[]): string {
  return results.map(({ name, status }) => `${name} ${status}`).join(', ')
}
