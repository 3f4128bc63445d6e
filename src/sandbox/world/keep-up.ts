import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { CommandOutput } from '../cloud/run-cloud.ts'
import { registerSandbox } from './sandbox-register.ts'
import { userFiles, type World } from './world.ts'

/** Prints what a person needs to work with the world, and waits for the signal. */
export async function keepUp(world: World, deps: CommandOutput & { readonly signal: AbortSignal }): Promise<void> {
  const folder = join(world.folder, 'platform')
  for (const [path, text] of Object.entries(await userFiles(world))) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), text)
  }
  const strikeOut = registerSandbox()
  deps.stdout.write(describe(world, folder))
  if (!deps.signal.aborted) await once(deps.signal, 'abort')
  strikeOut()
}

function describe(
  { staging, production, cloud, registry, appImage, tools, nodeObstacle }: World,
  folder: string,
): string {
  const { ram, sts, cs, cr } = cloud.endpoints
  // Elsewhere its name is that of the real registry.
  const onNode =
    production.node.kind === 'kubelet'
      ? `\nWhere production's registry has its own name, for doctor pod --ask-registry:
  nsenter -m -t ${production.node.node.containerd.id.pid} env NODE_EXTRA_CA_CERTS=${production.node.node.caFile} acr-nopass doctor pod NAMESPACE/POD --ask-registry
`
      : ''
  // Its Pods have the ports that values.yaml of the folder gives them, on the node that is this machine.
  const status =
    nodeObstacle === undefined ? ', http://127.0.0.1:PORT of production (ports.status in sandbox/production.yaml)' : ''
  return `
staging      export KUBECONFIG=${staging.cluster.adminKubeconfigFile}
production   export KUBECONFIG=${production.cluster.adminKubeconfigFile}${nodeObstacle === undefined ? '   # with a real node' : ''}
cloud        export ALIBABA_CLOUD_ACCESS_KEY_ID=${cloud.administrator.accessKeyId} ALIBABA_CLOUD_ACCESS_KEY_SECRET=${cloud.administrator.accessKeySecret}
registry     ${registry.url}, private image ${appImage}
helm         ${tools.helm4}

Install the helper on both, from their values in ${folder}:
  (cd ${folder} && acr-nopass apply --clusters-file clusters.yaml -f values.yaml --endpoints '${JSON.stringify({ ram, sts, cs, cr })}')

Its status page: http://IP:8081 of a Pod of staging (kubectl -n acr-nopass get pods -o wide: its addresses are this machine's)${status}
${onNode}
Ctrl-C, or npm run sandbox -- down in another terminal, ends it and leaves nothing behind.
`
}
