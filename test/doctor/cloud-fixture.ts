import type { CloudFacts } from '../../src/doctor/cloud/inspect-cloud.ts'
import type { InstanceFacts } from '../../src/doctor/cloud/read-instance.ts'
import type { RoleFacts } from '../../src/doctor/cloud/read-role.ts'
import type { Observed } from '../../src/doctor/observed.ts'
import { policyOf, type Statement } from '../../src/policy/normal-form.ts'
import { fixture } from './fixture.ts'

export const text = (...statements: readonly Statement[]): string => JSON.stringify(policyOf(statements))
export const allow = (Action: string, Resource = '*'): Statement => ({ Effect: 'Allow', Action, Resource })
export const ECS = {
  Effect: 'Allow',
  Action: 'sts:AssumeRole',
  Principal: { Service: ['ecs.aliyuncs.com'] },
} satisfies Statement

/** The nodes' role with every right that the helper needs. */
export const role = (change: Partial<RoleFacts> = {}): RoleFacts => ({
  role: { name: 'nodes', description: '', trust: text(ECS), ours: false },
  attached: [{ name: 'AliyunContainerRegistryFullAccess', custom: false, document: text(allow('cr:*')) }],
  policyName: 'acr-nopass-c1',
  policy: undefined,
  ...change,
})

export const link = (change: Partial<NonNullable<InstanceFacts['vpcs']>[number]> = {}) => {
  return { vpcId: 'vpc-1', status: 'RUNNING', defaultAccess: true, issue: '', ...change }
}

type Endpoint = NonNullable<InstanceFacts['endpoints']>[number]
export const INTERNET: Endpoint = {
  type: 'internet',
  enabled: true,
  domains: [{ domain: 'demo-registry.cn-hangzhou.cr.aliyuncs.com', custom: false }],
}
export const VPC_HOST: string = 'demo-registry-vpc.cn-hangzhou.cr.aliyuncs.com'
export const VPC: Endpoint = { type: 'vpc', enabled: true, domains: [{ domain: VPC_HOST, custom: false }] }

/** A running instance with a public and a VPC endpoint, linked to the cluster's VPC. */
export const instance = (change: Partial<InstanceFacts> = {}): InstanceFacts => ({
  instanceId: 'cri-abc123',
  found: { instanceId: 'cri-abc123', region: 'cn-hangzhou', status: 'RUNNING' },
  endpoints: [INTERNET, VPC],
  vpcs: [link()],
  ...change,
})

export interface CloudChange {
  readonly role?: RoleFacts | undefined
  readonly instance?: InstanceFacts | undefined
  readonly facts?: Partial<CloudFacts>
  readonly network?: 'all' | 'vpc' | 'public'
  readonly fixture?: Parameters<typeof fixture>[0]
}

/** A cluster and a cloud without problems, except for the given change. */
export function observeCloud(change: CloudChange = {}): Observed {
  const { network = 'all' } = change
  const facts: CloudFacts = {
    caller: 'acs:ram::1:user/me',
    accountId: '1',
    place: { clusterId: 'c1', accountId: '1', region: 'cn-hangzhou', vpcId: 'vpc-1', vswitchId: undefined, key: 'c1' },
    workerRoles: ['nodes'],
    issuers: [],
    roles: new Map([['acs:ram::1:role/nodes', change.role ?? role()]]),
    oidcProvider: undefined,
    instances: new Map([['demo', change.instance ?? instance()]]),
    ...change.facts,
  }
  const config = {
    registries: [{ name: 'demo', edition: 'enterprise', instanceId: 'cri-abc123', region: 'cn-hangzhou', network }],
  }
  return fixture({ config, cloud: { state: 'looked', facts, notes: [] }, ...change.fixture })
}
