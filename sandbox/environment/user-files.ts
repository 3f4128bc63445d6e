import { readFile } from 'node:fs/promises'
import { stringify } from 'yaml'
import { freePort } from '../../tools/process/free-port.ts'
import type { Environment, EnvironmentCluster } from './start-environment.ts'

function readExample(path: string): Promise<string> {
  return readFile(new URL(`../../examples/${path}`, import.meta.url), 'utf8')
}

/**
 * Returns the files of a platform team's repository. Files under `sandbox/` are needed only with
 * the emulated cloud.
 */
export async function userFiles(environment: Environment): Promise<Record<string, string>> {
  return {
    '.github/workflows/rollout.yml': await readExample('workflows/rollout.yml'),
    '.github/workflows/uninstall.yml': await readExample('workflows/uninstall.yml'),
    'clusters.yaml': await readExample('sandbox/clusters.yaml'),
    'values.yaml': await readExample('sandbox/values.yaml'),
    'sandbox/staging.yaml': stringify(await sandboxValues(environment, environment.staging)),
    'sandbox/production.yaml': stringify(await sandboxValues(environment, environment.production)),
  }
}

/**
 * Returns values with the emulated cloud's endpoints, for a node whose Pods share the network of
 * this machine. A real node reaches the registry and its token service under the vendor's names.
 */
async function sandboxValues({ cloud, registry }: Environment, { imds, node }: EnvironmentCluster): Promise<object> {
  const { sts, cr } = cloud.endpoints
  const endpoints = { sts, cr, imds }
  if (node.kind === 'process') return { endpoints: { ...endpoints, registry: registry.url } }
  return {
    endpoints,
    caBundle: node.node.vendorNames.caPem,
    hostNetwork: true,
    replicas: 1,
    ports: { http: await freePort('0.0.0.0') },
  }
}
