import { join } from 'node:path'
import { prepareWorkspace } from '../../workflow/prepare-workspace.ts'
import type { DemoStep } from '../demo-step.ts'
import { expect } from '../expect.ts'
import { plainSummary } from '../plain-summary.ts'
import { REPOSITORY, rollOut } from '../roll-out.ts'
import { userFiles } from '../user-files.ts'

/** Step 2: the user's workflow does all that there is to do. */
export const firstRollout: DemoStep = {
  title: 'the workflow: validate, RAM policy, helm upgrade --install in two waves, verify',
  proves: 'one step of a workflow makes pulls work on both clusters',
  async run(context, step) {
    const { world, memory, print } = context
    memory.workspace = join(world.folder, 'platform')
    await prepareWorkspace(memory.workspace, await userFiles(world), REPOSITORY)
    const { summary, results, ramWrites } = await rollOut(context, 'rollout.yml', step)
    print(plainSummary(summary))
    const statuses = results.map(({ name, status }) => `${name} ${status}`).join(', ')
    expect(results.length === 2 && results.every(({ status }) => status === 'deployed'), `not deployed: ${statuses}`)
    return `${statuses}; in RAM: ${ramWrites.join(', ')}`
  },
}
