import { FINDING_IDS, type FindingId } from '../../../src/doctor/finding.ts'
import { vendorClients } from '../../support/cloud/vendor-sdk.ts'
import { HOME, RELEASE } from '../helper-cluster.ts'
import type { CaseFixture } from './case.ts'
import { type HelperFixture, openHelperFixture } from './helper-fixture.ts'

/**
 * An ACK cluster with a running release and two releases that are only installed, and a user who
 * may read the cloud.
 */
export interface ReadFixture extends CaseFixture, AsyncDisposable {
  readonly helper: HelperFixture
  readonly accountId: string
  readonly instanceId: string
  /** The arguments of every call of doctor, which contain the emulated cloud's address. */
  readonly reach: readonly string[]
  /** Calls any operation of RAM, IMS or CR as an administrator. */
  call(version: string, action: string, query: Readonly<Record<string, string>>): Promise<Record<string, unknown>>
  /** Sets a role's trust policy. */
  trust(role: string, statement: object): void
}

export const CLUSTER_ID = 'c5b2e3f1a09d8c7b6a5948372615f0e1d'
export const VPC = 'vpc-bp1opxu1zkhn00gzvp6x8'
export const VSWITCH = 'vsw-bp1c3m0n5qx7z9k2j4h6f'
/** The RAM roles of the nodes. */
export const NODE_ROLES: readonly string[] = ['nodes-of-doctor', 'gpu-nodes-of-doctor']
export const SOURCE_ROLE = 'chain-source'
export const TARGET_ROLE = 'chain-target'
export const EXTERNAL_ID = 'acme-images'

const OF_CLOUD: readonly FindingId[] = FINDING_IDS.filter((id) => /^(ROLE|OIDC|INSTANCE|VPC|PUBLIC)_/.test(id))

export async function openReadFixture(name: string): Promise<ReadFixture> {
  const helper = await openHelperFixture(name, {
    users: [{ name: 'reader', policies: { system: ['ReadOnlyAccess'] } }, { name: 'nobody' }],
  })
  const { helperCluster, trust } = helper
  const { cloud, chart } = helperCluster
  const instance = cloud.instances.find(({ edition }) => edition === 'enterprise')
  const instanceId = instance?.id ?? ''
  const { accessKeyId, accessKeySecret } = cloud.accessKeyOf('reader')
  const endpoints = `{ram: ${cloud.endpoints.ram}, sts: ${cloud.endpoints.sts}, cs: ${cloud.endpoints.cs}, cr: ${cloud.endpoints.cr}}`
  const fixture: ReadFixture = {
    helper,
    kubeconfig: helper.kubeconfig,
    env: { ALIBABA_CLOUD_ACCESS_KEY_ID: accessKeyId, ALIBABA_CLOUD_ACCESS_KEY_SECRET: accessKeySecret },
    accountId: cloud.accountId,
    instanceId,
    reach: ['--endpoints', endpoints],
    // Pods of the releases that are only installed never start. Findings about those releases are
    // expected, unless they come from the cloud.
    known: (args) =>
      args.includes(HOME) ? ['RIVAL_RELEASE', 'POD_UNCOVERED'] : FINDING_IDS.filter((id) => !OF_CLOUD.includes(id)),
    call: (version, action, query) => vendorClients(cloud).call({ action, version, query }),
    trust: (role, statement) => cloud.control.putRole(role, { Version: '1', Statement: [statement] }),
    [Symbol.asyncDispose]: () => helper[Symbol.asyncDispose](),
  }
  registerAck(fixture, helper.trust.issuer)
  const data = {
    clusterid: CLUSTER_ID,
    uid: cloud.accountId,
    vpcid: VPC,
    'vsw-zone': `${VSWITCH}:cn-hangzhou-h,vsw-other:cn-hangzhou-i`,
  }
  await helper.create('/api/v1/namespaces/kube-system/configmaps', { metadata: { name: 'ack-cluster-profile' }, data })
  const pull = { Version: '1', Statement: [{ Effect: 'Allow', Action: ['cr:*'], Resource: ['*'] }] }
  for (const role of NODE_ROLES) cloud.control.grant(role, 'nodes-pull', pull)
  fixture.trust(SOURCE_ROLE, ownTrust(fixture, 'system:serviceaccount:chain:chain-acr-nopass'))
  const assume = {
    Effect: 'Allow',
    Action: 'sts:AssumeRole',
    Resource: `acs:ram:*:${fixture.accountId}:role/${TARGET_ROLE}`,
  }
  cloud.control.grant(SOURCE_ROLE, 'take-target', { Version: '1', Statement: [assume] })
  fixture.trust(TARGET_ROLE, targetTrust(fixture, EXTERNAL_ID))
  cloud.control.grant(TARGET_ROLE, 'target-pull', pull)
  const registry = { name: 'demo', edition: 'enterprise', instanceId, region: 'cn-hangzhou' }
  const commonValues = (release: string): object => ({
    replicas: 1,
    region: 'cn-hangzhou',
    secretName: `${release}-login`,
    targets: { namespaces: { include: [`${release}-*`] } },
    image: { repository: 'acr-nopass/nowhere' },
  })
  await chart.install('nodes', 'nodes', {
    ...commonValues('nodes'),
    identity: { type: 'worker-role' },
    registries: [{ ...registry, network: 'vpc' }],
  })
  const assumeRole = [{ roleArn: `acs:ram::${fixture.accountId}:role/${TARGET_ROLE}`, externalId: EXTERNAL_ID }]
  await chart.install('chain', 'chain', {
    ...commonValues('chain'),
    identity: {
      type: 'rrsa',
      rrsa: { roleArn: `acs:ram::${fixture.accountId}:role/${SOURCE_ROLE}`, oidcProviderArn: trust.oidcProviderArn },
    },
    registries: [{ ...registry, network: 'public', assumeRole }],
  })
  return fixture
}

/**
 * Registers the cluster in the cloud. RRSA lists `issuer` first, then
 * `https://kubernetes.default.svc`.
 */
export function registerAck({ helper }: ReadFixture, issuer: string): void {
  const { cloud, chart } = helper.helperCluster
  cloud.registerCluster({
    clusterId: CLUSTER_ID,
    name: 'doctor',
    region: 'cn-hangzhou',
    workerRoles: NODE_ROLES,
    rrsa: { issuer, jwks: () => chart.cluster.jwks() },
    server: chart.cluster.server,
    kubeconfig: () => Promise.reject(new Error('nobody asks for it')),
  })
}

/** Returns a trust statement of the cluster's provider for a subject, compared by `operator`. */
export function ownTrust({ helper }: ReadFixture, subject: string, operator = 'StringEquals', issuer?: string): object {
  const { trust } = helper
  return {
    Effect: 'Allow',
    Action: 'sts:AssumeRole',
    Principal: { Federated: [trust.oidcProviderArn] },
    Condition: {
      StringEquals: { 'oidc:iss': issuer ?? trust.issuer, 'oidc:aud': 'sts.aliyuncs.com' },
      [operator]: {
        ...(operator === 'StringEquals' && { 'oidc:iss': issuer ?? trust.issuer, 'oidc:aud': 'sts.aliyuncs.com' }),
        'oidc:sub': subject,
      },
    },
  }
}

/**
 * Returns a trust statement with which the chain's target trusts its source. Undefined: without an
 * external ID.
 */
export function targetTrust({ accountId }: ReadFixture, externalId: string | undefined): object {
  return {
    Effect: 'Allow',
    Action: 'sts:AssumeRole',
    Principal: { RAM: [`acs:ram::${accountId}:role/${SOURCE_ROLE}`] },
    ...(externalId !== undefined && { Condition: { StringEquals: { 'sts:ExternalId': externalId } } }),
  }
}

/** The flags that select the running release. */
export const OWN: readonly string[] = ['-n', HOME, '--release', RELEASE]
