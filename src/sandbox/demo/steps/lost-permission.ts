import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { requestRefresh } from '../../../release/helper-status.ts'
import { untilReady } from '../../process/ready.ts'
import { createNamespace, createPod, readPullSecret, untilPod } from '../demo-pods.ts'
import { type DemoContext, type DemoStep, expect, readDemoStatus, STATUS_OBJECT } from '../demo-step.ts'

/** Step 6: without the permission to get tokens the last token stays in use, and doctor reports the cause. */
export const lostPermission: DemoStep = {
  title: 'the worker role loses its permission to get tokens',
  proves: 'P2: the last good token stays; doctor names the cause and the fix',
  async run(context, step) {
    const { environment, print, signal } = context
    const { cluster, workerRole, clusterId } = environment.production
    const before = await readPullSecret(cluster.admin, 'shop', signal)
    environment.cloud.control.grant(workerRole, `acr-nopass-${clusterId}`, pullOnly())
    await requestRefresh(cluster.admin, STATUS_OBJECT, new Date(), signal)
    step.update('waiting for the helper to notice')
    const failing = async (): Promise<boolean> =>
      (await readDemoStatus(cluster.admin, signal))?.registries.some(({ state }) => state === 'failing') ?? false
    await untilReady(failing, { what: 'the status failing', limitMs: 60_000, everyMs: 100 }, signal)
    const after = await readPullSecret(cluster.admin, 'shop', signal)
    expect(after?.content === before?.content, 'the Secret changed although there was no new token')
    const pod = await runOneMore(context)
    const doctor = await runCli(['doctor', '--kubeconfig', cluster.adminKubeconfigFile], signal)
    print(`$ acr-nopass doctor\n${doctor.stdout.trimEnd()}${doctor.stderr.trimEnd()}`)
    expect(doctor.code === 1, `doctor exited with ${doctor.code}`)
    return `the Secret is unchanged${pod}; doctor exits with 1 and names the fix`
  },
}

/** Allows pulls, but no new tokens. */
function pullOnly(): object {
  return { Version: '1', Statement: [{ Effect: 'Allow', Action: ['cr:PullRepository'], Resource: ['*'] }] }
}

async function runOneMore({ environment, signal }: DemoContext): Promise<string> {
  if (environment.nodeObstacle !== undefined) return ''
  const { admin } = environment.production.cluster
  await createNamespace(admin, 'shop-2', signal)
  const pod = { namespace: 'shop-2', name: 'app' }
  await createPod(admin, pod, environment.appImage, signal)
  await untilPod(admin, pod, /^Running$/, signal)
  return ', and a Pod in another new namespace runs'
}

const BIN = fileURLToPath(new URL('../../../../bin/acr-nopass', import.meta.url))

/** Runs the command line tool as users do. */
function runCli(
  args: readonly string[],
  signal: AbortSignal,
): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
  return new Promise((resolve) => {
    const child = execFile(
      BIN,
      [...args],
      { signal, env: { PATH: process.env.PATH ?? '' } },
      (_error, stdout, stderr) => resolve({ code: child.exitCode ?? 1, stdout, stderr }),
    )
  })
}
