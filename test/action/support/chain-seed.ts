import type { Seed, SeedAccount } from '../../../sandbox/cloud/seed/generated/seed.ts'
import { readSeedFile } from '../../../sandbox/cloud/seed/read-seed.ts'
import { DEMO_SEED_FILE } from '../../../sandbox/cloud/start-cloud.ts'

/** The account where the workflows sign in, separate from the account of the clusters. */
export const CI_ACCOUNT = '1580643217796852'

/**
 * The demo's accounts and a further account. The further account trusts GitHub. Only its role `ci`
 * may assume `cluster-deployer` in the account of the clusters, which trusts no other principal.
 */
export async function chainSeed(): Promise<Seed> {
  const seed = await readSeedFile(DEMO_SEED_FILE)
  const [main, ...others] = seed.accounts
  if (main === undefined) throw new Error('the demo has no account')
  const deployer = {
    name: 'cluster-deployer',
    trust: allow('sts:AssumeRole', { Principal: { RAM: [`acs:ram::${CI_ACCOUNT}:role/ci`] } }),
    policies: { system: ['AliyunRAMFullAccess', 'AliyunCSFullAccess'] },
  }
  return { ...seed, accounts: [{ ...main, roles: [...(main.roles ?? []), deployer] }, ...others, ciAccount(main.id)] }
}

function ciAccount(mainId: string): SeedAccount {
  const issuer = 'https://token.actions.githubusercontent.com'
  return {
    id: CI_ACCOUNT,
    users: [],
    policies: {
      'take-cluster-deployer': allow('sts:AssumeRole', { Resource: [`acs:ram:*:${mainId}:role/cluster-deployer`] }),
    },
    oidcProviders: [{ name: 'github-actions', issuer, clientIds: ['sts.aliyuncs.com'] }],
    roles: [
      {
        name: 'ci',
        trust: allow('sts:AssumeRole', {
          Principal: { Federated: [`acs:ram::${CI_ACCOUNT}:oidc-provider/github-actions`] },
          Condition: {
            StringEquals: { 'oidc:iss': issuer, 'oidc:aud': 'sts.aliyuncs.com' },
            StringLike: { 'oidc:sub': 'repo:acme@*/platform@*:ref:refs/heads/main' },
          },
        }),
        policies: { custom: ['take-cluster-deployer'] },
      },
    ],
  }
}

function allow(action: string, rest: object): NonNullable<SeedAccount['policies']>[string] {
  return { Version: '1', Statement: [{ Effect: 'Allow', Action: action, ...rest }] }
}
