import { once } from 'node:events'
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { CommandOutput } from '../cloud/run-cloud.ts'
import type { Environment } from './start-environment.ts'
import { userFiles } from './user-files.ts'

const BIN = fileURLToPath(new URL('../../bin/acr-nopass', import.meta.url))

/** Prints how to use the environment and waits for the signal. */
export async function keepUp(
  environment: Environment,
  deps: CommandOutput & { readonly signal: AbortSignal },
): Promise<void> {
  const folder = join(environment.run.folder, 'platform')
  for (const [path, text] of Object.entries(await userFiles(environment))) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), text)
  }
  await linkPrograms(environment)
  environment.run.record({ kind: 'up' })
  deps.stdout.write(describeEnvironment(environment, folder))
  if (!deps.signal.aborted) await once(deps.signal, 'abort')
}

/**
 * Links the programs that the printed commands name, because the cached Helm is not called `helm`.
 */
async function linkPrograms(environment: Environment): Promise<void> {
  const folder = programsOf(environment)
  await mkdir(folder)
  await symlink(environment.tools.helm4, join(folder, 'helm'))
  await symlink(BIN, join(folder, 'acr-nopass'))
}

function programsOf({ run }: Environment): string {
  return join(run.folder, 'bin')
}

/**
 * Prints what to try once the helper is installed. Only a real node pulls images. Its Pods use the
 * network of this machine.
 */
function firstPull({ staging, production, appImage, nodeObstacle }: Environment): string {
  const wait =
    'kubectl create namespace hello && kubectl --namespace hello wait --for=create secret/acr-nopass --timeout=60s'
  if (nodeObstacle !== undefined) {
    return `Then a new namespace gets its pull secret (no Pod pulls here: ${nodeObstacle}):
  export KUBECONFIG=${staging.cluster.adminKubeconfigFile}
  ${wait}
`
  }
  const overrides = JSON.stringify({ apiVersion: 'v1', spec: { hostNetwork: true } })
  return `Then pull the private image on production's node:
  export KUBECONFIG=${production.cluster.adminKubeconfigFile}
  ${wait}
  kubectl --namespace hello run app --image ${appImage} --overrides '${overrides}'
  kubectl --namespace hello wait pod/app --for=condition=Ready --timeout=60s
`
}

function describeEnvironment(environment: Environment, folder: string): string {
  const { staging, production, cloud, registry, appImage, nodeObstacle } = environment
  const { ram, sts, cs, cr } = cloud.endpoints
  // The vendor's host names resolve only in the real node's mount namespace.
  const onNode =
    production.node.kind === 'kubelet'
      ? `\nTo run doctor pod --ask-registry where the registry's host names resolve, as on production's node:
  nsenter -m -t ${production.node.node.containerd.id.pid} env NODE_EXTRA_CA_CERTS=${production.node.node.caFile} acr-nopass doctor pod NAMESPACE/POD --ask-registry
`
      : ''
  return `
staging      export KUBECONFIG=${staging.cluster.adminKubeconfigFile}
production   export KUBECONFIG=${production.cluster.adminKubeconfigFile}${nodeObstacle === undefined ? '   # with a real node' : ''}
cloud        export ALIBABA_CLOUD_ACCESS_KEY_ID=${cloud.administrator.accessKeyId} ALIBABA_CLOUD_ACCESS_KEY_SECRET=${cloud.administrator.accessKeySecret}
registry     ${registry.url}, private image ${appImage}
programs     export PATH=${programsOf(environment)}:$PATH   # helm, acr-nopass

With \`cloud\` and \`programs\` exported, install the helper on both, from their values in ${folder}:
  (cd ${folder} && acr-nopass apply --clusters-file clusters.yaml -f values.yaml --endpoints '${JSON.stringify({ ram, sts, cs, cr })}')

${firstPull(environment)}
Its state, with \`staging\` or \`production\` exported: acr-nopass doctor --cloud off
${onNode}
Ctrl-C, or npm run sandbox -- down in another terminal, stops it and leaves nothing behind.
`
}
