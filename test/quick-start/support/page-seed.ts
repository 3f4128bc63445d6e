import { fileURLToPath } from 'node:url'
import type { Seed } from '../../../sandbox/cloud/seed/generated/seed.ts'
import { readSeedFile } from '../../../sandbox/cloud/seed/read-seed.ts'

const DEMO = fileURLToPath(new URL('../../../examples/sandbox/demo.yaml', import.meta.url))

/**
 * The accounts of the pages: the instance has the id on the page, and the objects that the reader
 * creates do not exist yet.
 */
export async function pageSeed(): Promise<Seed> {
  const demo = await readSeedFile(DEMO)
  const [main, ...others] = demo.accounts
  if (main === undefined) throw new Error('the demo has no account')
  const instances = (main.instances ?? []).map((one) =>
    one.name === 'demo' ? { ...one, id: 'cri-abc123', namespaces: { shop: ['hello'], base: ['tools'] } } : one,
  )
  const roles = (main.roles ?? []).filter(({ name }) => name !== 'acr-nopass-deploy')
  return { ...demo, accounts: [{ ...main, instances, roles, clusters: [], oidcProviders: [] }, ...others] }
}
