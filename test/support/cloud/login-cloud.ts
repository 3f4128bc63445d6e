import { type Cloud, startCloud } from '../../../sandbox/cloud/start-cloud.ts'
import { githubSubject } from '../../../sandbox/cloud/sts/github-oidc.ts'
import { type Registry, startRegistry } from '../../../sandbox/registry/start-registry.ts'
import { AUDIENCE, GITHUB_ISSUER } from '../../../src/policy/trust-document.ts'
import { testTools } from '../../tools.ts'
import { registryClient } from '../registry/registry-client.ts'
import { INSTANCE, teamSeed } from './team-seed.ts'

/** The demo instance's own domains. */
export const PUBLIC = 'demo-registry.cn-hangzhou.cr.aliyuncs.com'
export const VPC = 'demo-registry-vpc.cn-hangzhou.cr.aliyuncs.com'
/** The workflow that the role for logins trusts. */
export const LOGIN_JOB = { repository: 'acme/shop' }
/** The role of a workflow that logs in. It does not deploy. */
export const LOGIN_ROLE = 'acr-nopass-login'

/**
 * The demo's account with a role for logins, and a real registry with an image in each repository.
 */
export async function startLoginCloud() {
  const cloud: Cloud = await startCloud({ seed: await teamSeed() })
  const registry: Registry = await startRegistry({ tools: await testTools('registry'), auth: cloud.registryAuth })
  const provider = `acs:ram::${cloud.accountId}:oidc-provider/github-actions`
  cloud.control.putRole(LOGIN_ROLE, {
    Version: '1',
    Statement: [
      {
        Effect: 'Allow',
        Action: 'sts:AssumeRole',
        Principal: { Federated: [provider] },
        Condition: {
          StringEquals: { 'oidc:aud': AUDIENCE, 'oidc:iss': GITHUB_ISSUER, 'oidc:sub': githubSubject(LOGIN_JOB) },
        },
      },
    ],
  })
  const pusher = registryClient(registry.url, cloud.registryPush)
  for (const repository of ['team/app', 'team-a/app', 'team-b/app']) {
    await pusher.push(repository, '1', `content of ${repository}`)
  }
  const { cr, sts } = cloud.endpoints
  return {
    cloud,
    registry,
    instance: INSTANCE,
    provider,
    /** The workflow's role, as the inputs name it. */
    role: { 'role-to-assume': `acs:ram::${cloud.accountId}:role/${LOGIN_ROLE}`, 'oidc-provider-arn': provider },
    /** The input `endpoints`: the emulator, and the registry in place of all its domains. */
    endpoints: JSON.stringify({ cr, sts, registry: registry.url }),
    /** Grants the role exactly these actions on repositories, and what a login needs besides. */
    allow: (actions: readonly string[], ...repositories: readonly string[]): void =>
      cloud.control.grant(LOGIN_ROLE, 'login', {
        Version: '1',
        Statement: [
          { Effect: 'Allow', Action: ['cr:GetAuthorizationToken'], Resource: ['*'] },
          { Effect: 'Allow', Action: ['cr:ListInstanceEndpoint'], Resource: [`acs:cr:*:*:instance/${INSTANCE}`] },
          {
            Effect: 'Allow',
            Action: actions,
            Resource: repositories.map((one) => `acs:cr:*:*:repository/${INSTANCE}/${one}`),
          },
        ],
      }),
    [Symbol.asyncDispose]: async () => {
      await registry.stop()
      await cloud.stop()
    },
  }
}
