import { readFile } from 'node:fs/promises'
import { stringify } from 'yaml'
import { freePort } from '../process/free-port.ts'
import type { World, WorldCluster } from './world.ts'

/** A file of this project's examples, as a user copies it. */
function readExample(path: string): Promise<string> {
  return readFile(new URL(`../../../examples/${path}`, import.meta.url), 'utf8')
}

/** What a platform team has in its repository, and, under `sandbox/`, what only an emulated cloud needs. */
export async function userFiles(world: World): Promise<Record<string, string>> {
  return {
    '.github/workflows/rollout.yml': await readExample('workflows/rollout.yml'),
    '.github/workflows/uninstall.yml': await readExample('workflows/uninstall.yml'),
    'clusters.yaml': await readExample('sandbox/clusters.yaml'),
    'values.yaml': await readExample('sandbox/values.yaml'),
    'sandbox/staging.yaml': stringify(await sandboxValues(world, world.staging)),
    'sandbox/production.yaml': stringify(await sandboxValues(world, world.production)),
  }
}

/**
 * Where the emulated cloud is, and how a Pod without its own network runs on a node that is this machine. A real node
 * reaches the registry and its token service under the vendor's names.
 */
async function sandboxValues({ cloud, registry }: World, { imds, node }: WorldCluster): Promise<object> {
  const { sts, cr } = cloud.endpoints
  const endpoints = { sts, cr, imds }
  if (node.kind === 'process') return { endpoints: { ...endpoints, registry: registry.url } }
  return {
    endpoints,
    caBundle: node.node.vendorNames.caPem,
    hostNetwork: true,
    replicas: 1,
    ports: { http: await freePort('0.0.0.0'), status: await freePort() },
  }
}
