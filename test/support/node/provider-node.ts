import { chmodSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { bundleProvider } from '../../../scripts/build/bundles.ts'
import { toNodeConfig } from '../../../src/node/node-config.ts'
import type { LoginRecord } from '../../../src/node/provider/login-record.ts'
import { credentialProviderConfig } from '../../../src/node/provider-config.ts'
import { WORKER_ROLE } from '../registry/private-registry.ts'
import type { NodeFixture } from './node-fixture.ts'
import { nodeValues } from './provider-bench.ts'

const PROGRAM = 'acr-nopass-provider'

/** The real node with the program that its kubelet asks for logins. */
export type ProviderNode = Awaited<ReturnType<typeof prepareProvider>>

export async function prepareProvider({ node, cloud, cluster }: NodeFixture) {
  const folder = join(node.run.folder, 'provider')
  const bin = join(folder, 'bin')
  const manifests = join(folder, 'manifests')
  for (const each of [folder, bin, manifests]) mkdirSync(each)
  const bundle = join(folder, 'provider.mjs')
  await bundleProvider(resolve(import.meta.dirname, '../../..'), bundle)
  // Without `exec`, a killed shell would leave Node behind, which holds the kubelet's pipe.
  writeFileSync(join(bin, PROGRAM), `#!/bin/sh\nexec ${process.execPath} ${bundle} "$@"\n`)
  chmodSync(join(bin, PROGRAM), 0o755)
  const imds = await cloud.imdsFor(WORKER_ROLE)
  const cache = join(folder, 'cache')
  const kubelet = join(folder, 'kubelet.json')
  return {
    bundle,
    program: PROGRAM,
    /** The text of the kubelet's configuration. */
    readConfig: (): string => readFileSync(kubelet, 'utf8'),
    /** Removes the program under the running kubelet, or puts it back. */
    moveProgram: (isThere: boolean): void => {
      const [from, to] = [join(bin, PROGRAM), join(folder, PROGRAM)]
      renameSync(isThere ? to : from, isThere ? from : to)
    },
    /** Writes a manifest of a static Pod. */
    addStaticPod: (pod: object): void => writeFileSync(join(manifests, 'pod.json'), JSON.stringify(pod)),
    /** Restarts the kubelet with the configuration that these values give. */
    async use(settings: { readonly node: object; readonly registries: readonly object[] }): Promise<void> {
      const values = nodeValues({ cloud, imds, ...settings })
      const config = join(folder, 'provider.json')
      const { providers, ...head } = credentialProviderConfig(values, { program: PROGRAM, config })
      writeFileSync(config, JSON.stringify(toNodeConfig(values)))
      // Logins are kept in a folder that the test can read; the kubelet has a /run of its own.
      const own = providers.map((one) => ({ ...one, args: [...one.args, '--cache-dir', cache] }))
      writeFileSync(kubelet, JSON.stringify({ ...head, providers: own }))
      await node.restartKubelet([
        `--image-credential-provider-config=${kubelet}`,
        `--image-credential-provider-bin-dir=${bin}`,
        `--pod-manifest-path=${manifests}`,
      ])
    },
    /** Removes all logins that the node keeps. */
    forgetLogins: (): void => rmSync(cache, { recursive: true, force: true }),
    /** Changes all logins that the node keeps. */
    changeLogins(change: (record: LoginRecord) => LoginRecord): number {
      const files = readdirSync(cache).filter((name) => name.endsWith('.json'))
      for (const name of files) {
        const file = join(cache, name)
        writeFileSync(file, JSON.stringify(change(JSON.parse(readFileSync(file, 'utf8')))))
      }
      return files.length
    },
    /** How often the kubelet has called the program, and how many seconds it took in all. */
    async calls(): Promise<{ readonly count: number; readonly seconds: number }> {
      const path = `/api/v1/nodes/${node.name}/proxy/metrics`
      const text = await cluster.admin.request<string>({ method: 'GET', path, isText: true })
      const read = (name: string): number => {
        // The names of older kubelets repeat the prefix.
        const line = new RegExp(
          `^(?:kubelet_)?kubelet_credential_provider_plugin_duration_${name}\\{.*\\} (\\S+)$`,
          'm',
        )
        return Number(line.exec(text)?.[1] ?? 0)
      }
      return { count: read('count'), seconds: read('sum') }
    },
  }
}
