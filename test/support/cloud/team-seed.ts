import { readSeedFile } from '../../../sandbox/cloud/seed/read-seed.ts'
import { DEMO_SEED_FILE } from '../../../sandbox/cloud/start-cloud.ts'

/** The demo's Enterprise instance. */
export const INSTANCE = 'cri-k7x2m9q4w1t8z5h3'

/** The demo cloud, whose Enterprise instance also has the repositories of docs/en/teams.md. */
export async function teamSeed() {
  const seed = await readSeedFile(DEMO_SEED_FILE)
  const more = { base: ['os'], 'team-a': ['app'], 'team-b': ['app'] }
  const accounts = seed.accounts.map((account) => {
    const instances = (account.instances ?? []).map((instance) =>
      instance.id === INSTANCE ? { ...instance, namespaces: { ...instance.namespaces, ...more } } : instance,
    )
    return { ...account, instances }
  })
  return { ...seed, accounts }
}
