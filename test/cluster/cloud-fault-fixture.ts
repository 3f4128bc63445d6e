import assert from 'node:assert/strict'
import type { HelperStatus, RegistryStatus } from '../../src/installation/helper-status.ts'
import { MERGE_PATCH } from '../../src/kube/client.ts'
import { eventually } from '../support/eventually.ts'
import { type FaultInvariants, openFaultInvariants } from '../support/faults/fault-invariants.ts'
import { contentOf, type HelperCluster, HOME, openHelperCluster } from './helper-cluster.ts'

export const WORKER_ROLE = 'KubernetesWorkerRole-b81d6f02-33c9-4e57-8a1c-90f7d25ce4a6'
const TEAMS: readonly string[] = ['team-a', 'team-b']

/**
 * Three registries: one in the helper's own account (the node's role), one in another account (a
 * role chain), and the Personal Edition.
 */
export const REGISTRIES: readonly object[] = [
  { name: 'demo', edition: 'enterprise', instanceId: 'cri-k7x2m9q4w1t8z5h3', region: 'cn-hangzhou' },
  {
    name: 'shared',
    edition: 'enterprise',
    instanceId: 'cri-p4c8r2f6j0v9n1l5',
    region: 'cn-beijing',
    assumeRole: [{ roleArn: 'acs:ram::1867204395510376:role/image-reader', externalId: 'acme-shared-images' }],
  },
  { name: 'personal', edition: 'personal', region: 'cn-shanghai' },
]

/** The entries of one registry in a pull secret, by the registry's name. */
export type Entries = ReadonlyMap<string, string>

export interface CloudFaultCluster extends AsyncDisposable {
  readonly helperCluster: HelperCluster
  readonly invariants: FaultInvariants
  /** The namespaces that are served, including the helper's own. */
  readonly served: readonly string[]
  /** The leader's report in the cluster, which may be 30 s old. */
  status(): Promise<HelperStatus>
  registry(name: string): Promise<RegistryStatus>
  metrics(): Promise<string>
  log(): Promise<string>
  entries(namespace: string): Promise<Entries>
}

/**
 * Opens a cluster whose helper serves three registries. Each namespace's ServiceAccount has an
 * entry of another client.
 */
export async function openCloudFaults(
  name: string,
  values: (helperCluster: HelperCluster) => object = () => ({}),
  options: Parameters<typeof openHelperCluster>[2] = {},
): Promise<CloudFaultCluster> {
  const helperCluster = await openHelperCluster(name, undefined, options)
  const assume = { Effect: 'Allow', Action: ['sts:AssumeRole'], Resource: ['*'] }
  helperCluster.cloud.control.grant(WORKER_ROLE, 'assume', { Version: '1', Statement: [assume] })
  for (const namespace of TEAMS) {
    await helperCluster.chart.createNamespace(namespace)
    await helperCluster.admin.request({
      method: 'PATCH',
      path: `/api/v1/namespaces/${namespace}/serviceaccounts/default`,
      contentType: MERGE_PATCH,
      body: { imagePullSecrets: [{ name: 'theirs' }] },
    })
  }
  await helperCluster.install({ replicas: 1, registries: REGISTRIES }, values(helperCluster))
  await helperCluster.settled()
  const invariants = openFaultInvariants(helperCluster)
  const fixture: CloudFaultCluster = {
    helperCluster,
    invariants,
    served: [...TEAMS, HOME],
    async status() {
      const status = await helperCluster.status()
      assert.ok(status)
      return status
    },
    async registry(name) {
      const found = (await fixture.status()).registries.find((one) => one.name === name)
      assert.ok(found, name)
      return found
    },
    metrics: async () => (await fetch(`http://${(await helperCluster.leader()).ip}:8080/metrics`)).text(),
    log: async () => helperCluster.node.log(`${HOME}/${(await helperCluster.leader()).name}`),
    async entries(namespace) {
      const { registries } = await fixture.status()
      const { auths = {} } = JSON.parse(contentOf(await helperCluster.secret(namespace)) || '{}') as {
        auths?: Record<string, { auth: string }>
      }
      const of = (domains: readonly string[]) => domains.map((domain) => auths[domain]?.auth ?? 'none').join(' ')
      return new Map(registries.map((one) => [one.name, of(one.domains)]))
    },
    async [Symbol.asyncDispose]() {
      await invariants[Symbol.asyncDispose]()
      await helperCluster[Symbol.asyncDispose]()
    },
  }
  return fixture
}

/**
 * Waits until the status names the registry, the code, the cloud's own code and a fix. Metrics and
 * log name the registry too.
 */
export async function assertNamed(
  fixture: CloudFaultCluster,
  registry: string,
  expected: { readonly code: string; readonly reason?: string | RegExp; readonly message?: RegExp },
): Promise<void> {
  const { error } = await eventually(async () => {
    const found = await fixture.registry(registry)
    assert.equal(found.state, 'failing')
    return found
  }, 60_000)
  assert.equal(error?.code, expected.code)
  if (expected.reason !== undefined) assert.match(error.reason ?? '', new RegExp(expected.reason))
  if (expected.message !== undefined) assert.match(error.message, expected.message)
  assert.ok(error.fix.length > 20, error.fix)
  const counted = new RegExp(`acr_nopass_token_refresh_total\\{registry="${registry}",result="failed"\\} [1-9]`)
  assert.match(await fixture.metrics(), counted)
  const lines = (await fixture.log()).split('\n').filter((line) => line.includes('no new credential'))
  assert.ok(lines.some((line) => line.includes(`"registry":"${registry}"`) && line.includes(expected.code)))
}

/**
 * Waits until these registries' entries in every served namespace have changed since `before`, or
 * checks that they have not.
 */
export async function assertEntries(
  fixture: CloudFaultCluster,
  before: readonly Entries[],
  expected: { readonly changed: readonly string[]; readonly kept?: readonly string[] },
): Promise<void> {
  await eventually(async () => {
    for (const [index, namespace] of fixture.served.entries()) {
      const [old, now] = [before[index], await fixture.entries(namespace)]
      for (const name of expected.changed) assert.notEqual(now.get(name), old?.get(name), `${namespace} ${name}`)
      for (const name of expected.kept ?? []) assert.equal(now.get(name), old?.get(name), `${namespace} ${name}`)
    }
  }, 120_000)
}

/** Waits until no registry has an error. */
export async function assertLive(fixture: CloudFaultCluster): Promise<void> {
  await eventually(async () => {
    for (const { name, state } of (await fixture.status()).registries) assert.equal(state, 'live', name)
  }, 120_000)
}
