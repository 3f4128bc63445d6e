import { requestRefresh } from '../../../acr/request-refresh.ts'
import { untilReady } from '../../process/ready.ts'
import { createNamespace, createPod, untilPod } from '../demo-pods.ts'
import type { DemoContext, DemoStep } from '../demo-step.ts'
import { expect } from '../expect.ts'
import { readPullSecret } from '../pull-secret.ts'
import { readStatus, STATUS_OBJECT } from '../read-status.ts'
import { runCli } from '../run-cli.ts'

/** Step 6: somebody takes the right to get tokens away; what is there stays good, and the tool says what is wrong. */
export const lostPermission: DemoStep = {
  title: 'the worker role loses its right to get tokens',
  proves: 'P2: the last good token stays; doctor names the cause and the fix',
  async run(context, step) {
    const { world, print, signal } = context
    const { cluster, workerRole, clusterId } = world.production
    const before = await readPullSecret(cluster.admin, 'shop', signal)
    world.cloud.control.grant(workerRole, `acr-nopass-${clusterId}`, pullOnly())
    await requestRefresh(cluster.admin, STATUS_OBJECT, new Date(), signal)
    step.update('waits until the helper has noticed')
    const failing = async (): Promise<boolean> =>
      (await readStatus(cluster.admin, signal))?.registries.some(({ state }) => state === 'failing') ?? false
    await untilReady(failing, { what: 'a status that says failing', limitMs: 60_000, everyMs: 100 }, signal)
    const after = await readPullSecret(cluster.admin, 'shop', signal)
    expect(after?.content === before?.content, 'the Secret changed although there was no new token')
    const pod = await runOneMore(context)
    const doctor = await runCli(['doctor', '--kubeconfig', cluster.adminKubeconfigFile], signal)
    print(`$ acr-nopass doctor\n${doctor.stdout.trimEnd()}${doctor.stderr.trimEnd()}`)
    expect(doctor.code === 1, `doctor ended with ${doctor.code}`)
    return `the Secret is as it was${pod}; doctor exits 1 with the fix`
  },
}

/** Pulls stay allowed; asking for a new token is not. */
function pullOnly(): object {
  return { Version: '1', Statement: [{ Effect: 'Allow', Action: ['cr:PullRepository'], Resource: ['*'] }] }
}

async function runOneMore({ world, signal }: DemoContext): Promise<string> {
  if (world.nodeObstacle !== undefined) return ''
  const { admin } = world.production.cluster
  await createNamespace(admin, 'shop-2', signal)
  const pod = { namespace: 'shop-2', name: 'app' }
  await createPod(admin, pod, world.appImage, signal)
  await untilPod(admin, pod, /^Running$/, signal)
  return ', and a Pod in one more new namespace runs'
}
