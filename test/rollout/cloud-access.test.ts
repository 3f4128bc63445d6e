import assert from 'node:assert/strict'
import { join, resolve } from 'node:path'
import { test } from 'node:test'
import { startCloud } from '../../sandbox/cloud/start-cloud.ts'
import { createDefaultTransport } from '../../src/alibaba/transport/cloud-transport.ts'
import { createCloudAccess } from '../../src/rollout/connect/cloud-access.ts'
import { loadSettings } from '../../src/rollout/inputs/load-settings.ts'
import { readInputs } from '../../src/rollout/inputs/read-inputs.ts'
import { CI_ACCOUNT, chainSeed } from '../action/support/chain-seed.ts'

const root = resolve(import.meta.dirname, '..', '..')
const chartFolder = join(root, 'chart')
const MAIN = '1427736501988243'
const CLUSTERS = `
- name: a
  ack: { clusterId: c0000000000000000000000000000000a, region: cn-hangzhou }
  deployRole: acs:ram::${MAIN}:role/cluster-deployer
- name: b
  ack: { clusterId: c0000000000000000000000000000000b, region: cn-hangzhou }
  deployRole: acs:ram::${MAIN}:role/cluster-deployer
- name: c
  ack: { clusterId: c0000000000000000000000000000000c, region: cn-hangzhou }
`

test('for clusters of another account, the job has one session, each deploy role has one, and all their secrets are masked', async () => {
  await using cloud = await startCloud({ seed: await chainSeed() })
  const given: Readonly<Record<string, string>> = {
    clusters: CLUSTERS,
    values:
      'registries: [{ name: prod, edition: enterprise, instanceId: cri-k7x2m9q4w1t8z5h3, region: cn-hangzhou }]\nidentity: { type: worker-role }\n',
    'role-to-assume': `acs:ram::${CI_ACCOUNT}:role/ci`,
    'oidc-provider-arn': `acs:ram::${CI_ACCOUNT}:oidc-provider/github-actions`,
    endpoints: JSON.stringify({ sts: cloud.endpoints.sts }),
  }
  const inputs = readInputs((name) => given[name])
  const { settings } = await loadSettings(inputs, { environment: {}, workingDirectory: root, chartFolder })
  assert.ok(settings)
  const masked = new Set<string>()
  const access = createCloudAccess(settings, {
    transport: createDefaultTransport(),
    environment: {},
    getIdToken: async (audience) => cloud.issueGithubToken({ repository: 'acme/platform', audience }),
    sessionName: 'run-1',
    mask: (secret) => masked.add(secret),
  })
  const sessions = await Promise.all(settings.clusters.map((cluster) => access.credentialsFor(cluster).get()))
  assert.deepEqual(cloud.calls.map(({ action }) => action).sort(), ['AssumeRole', 'AssumeRoleWithOIDC'])
  assert.equal(sessions[0], sessions[1])
  const secrets = sessions.flatMap(({ accessKeySecret, securityToken }) => [accessKeySecret, securityToken ?? ''])
  assert.deepEqual([...masked].sort(), [...new Set(secrets)].sort())
  assert.equal(masked.size, 4)
})

test('role-session-name names the sessions; a name that STS would reject is rejected first', async () => {
  await using cloud = await startCloud({ seed: await chainSeed() })
  const given: Readonly<Record<string, string>> = {
    'ack-cluster-id': 'c0000000000000000000000000000000a',
    region: 'cn-hangzhou',
    values:
      'registries: [{ name: prod, edition: enterprise, instanceId: cri-k7x2m9q4w1t8z5h3, region: cn-hangzhou }]\nidentity: { type: worker-role }\n',
    'role-to-assume': `acs:ram::${CI_ACCOUNT}:role/ci`,
    'oidc-provider-arn': `acs:ram::${CI_ACCOUNT}:oidc-provider/github-actions`,
    'role-session-name': 'platform.rollout@main',
    endpoints: JSON.stringify({ sts: cloud.endpoints.sts }),
  }
  const inputs = readInputs((name) => given[name])
  const { settings } = await loadSettings(inputs, { environment: {}, workingDirectory: root, chartFolder })
  const [cluster] = settings?.clusters ?? []
  assert.ok(settings && cluster)
  const access = createCloudAccess(settings, {
    transport: createDefaultTransport(),
    environment: {},
    getIdToken: async (audience) => cloud.issueGithubToken({ repository: 'acme/platform', audience }),
    sessionName: 'run-1',
    mask: () => undefined,
  })
  const { arn } = await access.caller(cluster)
  assert.equal(arn, `acs:ram::${CI_ACCOUNT}:assumed-role/ci/platform.rollout@main`)
  const wrong = { ...given, 'role-session-name': 'run #1' } as Readonly<Record<string, string>>
  assert.throws(() => readInputs((name) => wrong[name]), /role-session-name: "run #1" is not 2 to 64 letters/)
})
