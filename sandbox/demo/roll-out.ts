import { mkdtemp } from 'node:fs/promises'
import { join } from 'node:path'
import type { StepHandle } from '../../tools/progress.ts'
import { TestbedError } from '../../tools/testbed-error.ts'
import { runWorkflow } from '../workflow/run-workflow.ts'
import type { DemoContext } from './demo-step.ts'

/** The repository whose workflows may assume the deploy role (examples/sandbox/demo.yaml). */
export const REPOSITORY = 'acme/platform'

export interface RolloutResult {
  readonly name: string
  readonly status: string
  readonly revision: { readonly from: number | null; readonly to: number | null }
}

/** Runs one of the user's workflows. @throws SANDBOX_DEMO with the end of its log when it fails */
export async function rollOut(
  { environment, workspace, signal }: DemoContext,
  workflow: 'rollout.yml' | 'uninstall.yml',
  step: StepHandle,
) {
  const { cloud, tools } = environment
  const { ram, sts, cs, cr } = cloud.endpoints
  const before = cloud.calls.length
  const record = await runWorkflow(
    {
      act: tools.act,
      helm: tools.helm4,
      workspace,
      workflow,
      event: workflow === 'rollout.yml' ? 'push' : 'workflow_dispatch',
      scratch: await mkdtemp(join(environment.run.folder, 'job-')),
      variables: { ALIBABA_CLOUD_ENDPOINTS: JSON.stringify({ ram, sts, cs, cr }) },
      idToken: cloud.githubRunner({ repository: REPOSITORY }),
      onLine: (line) => step.update(line.slice(0, 100)),
    },
    signal,
  )
  if (!record.succeeded) {
    throw new TestbedError('SANDBOX_DEMO', `the workflow failed:\n${record.log.slice(-40).join('\n')}`)
  }
  const written = cloud.calls.slice(before).filter(({ product, write }) => product === 'Ram' && write)
  return {
    /** The job summary in Markdown. */
    summary: record.summary,
    results: JSON.parse(record.outputs.results ?? '[]') as RolloutResult[],
    /** The RAM operations with which this run changed something. */
    ramWrites: written.map(({ action }) => action),
  }
}
