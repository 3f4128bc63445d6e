import { userFiles } from '../../environment/environment.ts'
import { untilReady } from '../../process/ready.ts'
import { prepareWorkspace } from '../../workflow/prepare-workspace.ts'
import { type DemoContext, type DemoStep, expect, readDemoStatus } from '../demo-step.ts'
import { REPOSITORY, rollOut } from '../roll-out.ts'

/** Step 2: the user's workflow sets up everything. */
export const firstRollout: DemoStep = {
  title: 'the workflow: validate, RAM policy, helm upgrade --install in two waves, verify',
  proves: 'one step of a workflow makes pulls work on both clusters',
  async run(context, step) {
    const { environment, workspace, print } = context
    await prepareWorkspace(workspace, await userFiles(environment), REPOSITORY)
    const { summary, results, ramWrites } = await rollOut(context, 'rollout.yml', step)
    print(plainSummary(summary))
    const statuses = results.map(({ name, status }) => `${name} ${status}`).join(', ')
    expect(results.length === 2 && results.every(({ status }) => status === 'deployed'), `not deployed: ${statuses}`)
    step.update('waiting for the login check of production')
    const checkedBy = await untilAccepted(context)
    return `${statuses}; in RAM: ${ramWrites.join(', ')}; login accepted by ${checkedBy}`
  },
}

/** Waits until the registry has accepted the login of production's helper; returns the host of its token service. */
async function untilAccepted({ environment, signal }: DemoContext): Promise<string> {
  const { cluster, node } = environment.production
  const isAccepted = async (): Promise<boolean> => {
    const registries = (await readDemoStatus(cluster.admin, signal))?.registries ?? []
    return registries.length > 0 && registries.every(({ verified }) => verified === 'accepted')
  }
  await untilReady(isAccepted, { what: 'an accepted login of production', limitMs: 60_000, everyMs: 100 }, signal)
  const { realm, vendorRealm } = environment.cloud.registryAuth
  if (node.kind === 'process') return new URL(realm).host
  const { hostname } = new URL(vendorRealm)
  expect(node.node.vendorNames.requests.has(hostname), `${hostname} was not called`)
  return hostname
}

/** Formats a job summary for a terminal: the Markdown without HTML and without consecutive empty lines. */
export function plainSummary(markdown: string): string {
  return markdown
    .replace(/<summary>(.*?)<\/summary>/g, '$1')
    .replace(/<\/?details>/g, '')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')
    .replace(/\n{3,}/g, '\n\n')
    .trim()
}
