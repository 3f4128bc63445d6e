import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { requestRefresh } from '../../src/installation/helper-status.ts'
import { unlessStatus } from '../../src/kube/api-error.ts'
import { untilReady } from '../../tools/process/ready.ts'
import { createNamespace, readPullSecret, runPod } from './demo-pods.ts'
import { type DemoContext, type DemoStep, expect, readDemoStatus, STATUS_OBJECT } from './demo-step.ts'

const execute = promisify(execFile)
const BIN = fileURLToPath(new URL('../../bin/acr-nopass', import.meta.url))

/**
 * Step 7: one command checks both clusters, before and after a role loses the permission to get
 * tokens.
 */
export const fleetCheck: DemoStep = {
  title: "a check of both clusters, before and after a helper's role loses its permission",
  proves: 'one command names the cluster whose pulls will fail, while they still work',
  async run(context, step) {
    const { cluster, clusterId } = context.environment.production
    step.update('waiting for the second team to be gone')
    // Its Pod with the refused image is a finding, until the namespace is deleted.
    const path = '/api/v1/namespaces/ops'
    const isGone = async (): Promise<boolean> =>
      (await unlessStatus(cluster.admin.request({ method: 'GET', path }, context.signal), 404)) === undefined
    await untilReady(isGone, { what: 'the deletion of namespace ops', limitMs: 90_000, everyMs: 100 }, context.signal)
    step.update('the check before')
    const before = await checkClusters(context)
    expect(before.code === 0, `the check before exited with ${before.code}`)
    // The role and its policy have the same name.
    const name = `acr-nopass-${clusterId}`
    context.environment.cloud.control.grant(name, name, pullOnly())
    await requestRefresh({ client: cluster.admin, signal: context.signal }, STATUS_OBJECT, new Date())
    step.update('waiting for the helper to notice')
    const failing = async (): Promise<boolean> =>
      (await readDemoStatus(cluster.admin, context.signal))?.registries.some(({ state }) => state === 'failing') ??
      false
    await untilReady(failing, { what: 'the status failing', limitMs: 60_000, everyMs: 100 }, context.signal)
    step.update('the check after')
    const after = await checkClusters(context)
    expect(after.code === 1, `the check after exited with ${after.code}`)
    return `before: ${before.verdict}; after: ${after.verdict}, with the cause and the fix`
  },
}

/**
 * Checks the clusters of the user's list with the credentials of an administrator, and prints what
 * the command prints.
 */
async function checkClusters({ environment, workspace, print, signal }: DemoContext) {
  const { cloud } = environment
  const { ram, sts, cs, cr } = cloud.endpoints
  const { accessKeyId, accessKeySecret } = cloud.administrator
  const args = ['doctor', '--clusters-file', 'clusters.yaml', '-f', 'values.yaml']
  const emulated = ['--endpoints', JSON.stringify({ ram, sts, cs, cr })]
  const env = { ALIBABA_CLOUD_ACCESS_KEY_ID: accessKeyId, ALIBABA_CLOUD_ACCESS_KEY_SECRET: accessKeySecret }
  const { code, output } = await runCli([...args, ...emulated], { cwd: workspace, env, signal })
  print(`$ acr-nopass ${args.join(' ')}\n${output}`)
  return { code, verdict: output.split('\n').at(-1) ?? '' }
}

/**
 * Step 8: without the permission to get tokens, the last token stays in use and doctor reports the
 * cause.
 */
export const lostPermission: DemoStep = {
  title: 'the permission is still missing',
  proves: 'the last good token stays; doctor names the cause and the fix',
  async run(context, step) {
    const { environment, print, signal } = context
    const { cluster } = environment.production
    const before = await readPullSecret(cluster.admin, 'shop', signal)
    step.update('waiting for one more refused request')
    const since = environment.cloud.calls.length
    await requestRefresh({ client: cluster.admin, signal }, STATUS_OBJECT, new Date())
    const refused = async (): Promise<boolean> =>
      environment.cloud.calls.slice(since).some(({ code }) => code === 'NoPermission')
    await untilReady(refused, { what: 'a refused request', limitMs: 60_000, everyMs: 100 }, signal)
    const after = await readPullSecret(cluster.admin, 'shop', signal)
    expect(after?.content === before?.content, 'the Secret changed although there was no new token')
    const pod = await runOneMore(context)
    const args = ['doctor', '--kubeconfig', cluster.adminKubeconfigFile]
    const { code, output } = await runCli(args, { cwd: context.workspace, env: {}, signal })
    print(`$ acr-nopass doctor\n${output}`)
    expect(code === 1, `doctor exited with ${code}`)
    return `the Secret is unchanged${pod}; doctor exits with 1 and names the fix`
  },
}

/** Runs the command line tool of this checkout. Returns its exit code and what it printed. */
async function runCli(
  args: readonly string[],
  { env, ...options }: { readonly cwd: string; readonly env: NodeJS.ProcessEnv; readonly signal: AbortSignal },
) {
  type Ended = { readonly code?: unknown; readonly stdout: string; readonly stderr: string }
  // `execFile` reports an exit code other than 0 as an error.
  const ended = await execute(BIN, args, { ...options, env: { PATH: process.env.PATH ?? '', ...env } }).then(
    (streams): Ended => ({ code: 0, ...streams }),
    (error: Ended) => error,
  )
  options.signal.throwIfAborted()
  return { code: ended.code, output: `${ended.stdout.trimEnd()}${ended.stderr.trimEnd()}` }
}

/** Allows pulls, but no new tokens. */
function pullOnly(): object {
  return { Version: '1', Statement: [{ Effect: 'Allow', Action: ['cr:PullRepository'], Resource: ['*'] }] }
}

async function runOneMore({ environment, signal }: DemoContext): Promise<string> {
  if (environment.nodeObstacle !== undefined) return ''
  const { admin } = environment.production.cluster
  await createNamespace(admin, 'shop-2', signal)
  await runPod(admin, 'shop-2', environment.appImage, /^Running$/, signal)
  return ', and a Pod in another new namespace runs'
}
