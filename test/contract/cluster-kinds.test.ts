import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { DescribeClusterNodePoolsRequest } from '@alicloud/cs20151215'
import { parseSeed } from '../../sandbox/cloud/seed/read-seed.ts'
import { startCloud } from '../../sandbox/cloud/start-cloud.ts'
import { type ClusterKind, KIND_VIEWS } from '../../sandbox/cloud/state.ts'
import { describeClusterDetail, findWorkerRoles } from '../../src/alibaba/cs.ts'
import { NopassError } from '../../src/errors.ts'
import { vendorClients } from '../support/cloud/vendor-sdk.ts'
import { clientOf } from './acr-cloud-client.ts'

const CLUSTER_KINDS = Object.keys(KIND_VIEWS) as readonly ClusterKind[]

// Sources for the kinds of clusters:
// - `cluster_type` and `profile`: @alicloud/cs20151215 7.2.0,
//   DescribeClusterDetailResponseBody.d.ts. clusterType: "Kubernetes: ACK dedicated",
//   "ManagedKubernetes: ... ACK clusters, Serverless, Edge, Lingjun", "ExternalKubernetes:
//   registered". profile: "Default", "Edge", "Serverless", "Lingjun".
// - `profile: "Acs"`: aliyun/terraform-provider-alicloud@81c43b67
//   website/docs/d/cs_kubernetes_version.html.markdown, and
//   alicloud/resource_alicloud_cs_managed_kubernetes_test.go. ACS has no worker role, because its
//   Pods run without nodes.
// - Types of node pools, and the field with the role of each type:
//   DescribeClusterNodePoolsResponseBody.d.ts, NodepoolInfo.type ("ess", "edge", "lingjun"),
//   ScalingGroup.ramRoleName, EfloNodeGroup.workerRamRoleName.
// - Kinds with a worker role: the vendor's Terraform provider exports worker_ram_role_name for
//   managed and Edge clusters (aliyun/terraform-provider-alicloud@0e3a384e
//   website/docs/r/cs_edge_kubernetes.html.markdown). Its Serverless cluster has no such attribute
//   (@03e9a9d9 alicloud/resource_alicloud_cs_serverless_kubernetes.go). No document says that the
//   response omits the field for Serverless clusters.
// - RRSA on managed, Edge and Serverless clusters, not on dedicated clusters:
//   https://www.alibabacloud.com/help/en/ack/serverless-kubernetes/user-guide/use-rrsa-to-authorize-pods-to-access-different-cloud-services
const SEED = `
accounts:
  - id: "1427736501988243"
    users: [{ name: administrator, administrator: true, policies: { system: [AdministratorAccess] } }]
    roles:
${['nodes', 'gpu-nodes', 'lingjun-nodes']
  .map(
    (name) => `      - name: ${name}
        trust:
          Version: "1"
          Statement: [{ Effect: Allow, Action: "sts:AssumeRole", Principal: { Service: [ecs.aliyuncs.com] } }]`,
  )
  .join('\n')}
    clusters:
      - { id: ${idOf('managed')}, name: managed, region: cn-hangzhou, workerRole: nodes, nodePools: [{ name: gpu, workerRole: gpu-nodes }] }
      - { id: ${idOf('dedicated')}, name: dedicated, region: cn-hangzhou, kind: dedicated, workerRole: nodes }
      - { id: ${idOf('serverless')}, name: serverless, region: cn-hangzhou, kind: serverless }
      - { id: ${idOf('edge')}, name: edge, region: cn-hangzhou, kind: edge, workerRole: nodes, nodePools: [{ name: cloud, workerRole: nodes }, { name: site, type: edge }] }
      - { id: ${idOf('lingjun')}, name: lingjun, region: cn-hangzhou, kind: lingjun, workerRole: nodes, nodePools: [{ name: pod, type: lingjun, workerRole: lingjun-nodes }] }
      - { id: ${idOf('acs')}, name: acs, region: cn-hangzhou, kind: acs }
      - { id: ${idOf('registered')}, name: registered, region: cn-hangzhou, kind: registered }
`

function idOf(kind: ClusterKind): string {
  return `c${CLUSTER_KINDS.indexOf(kind).toString().padStart(32, '0')}`
}

const cloud = await startCloud({ seed: parseSeed(SEED, 'kinds.yaml') })
after(() => cloud.stop())
const { cs } = vendorClients(cloud)
const { transport, endpoints } = clientOf(cloud)
const target = { transport, endpoint: endpoints.url('cs', 'cn-hangzhou'), credentials: cloud.administrator }

interface Kind {
  /**
   * cluster_type, profile, worker_ram_role_name, and whether `rrsa_config` is present, as the
   * vendor's SDK reads them.
   */
  readonly shown: readonly [string, string | undefined, string | undefined, boolean]
  readonly pools: readonly (readonly [string, string | undefined])[]
  /** The roles that the rollout finds, or its error, which names the setting. */
  readonly roles: readonly string[] | { readonly message: RegExp; readonly hint: RegExp }
}

const KINDS: Readonly<Record<ClusterKind, Kind>> = {
  managed: {
    shown: ['ManagedKubernetes', 'Default', 'nodes', true],
    pools: [['ess', 'gpu-nodes']],
    roles: ['gpu-nodes', 'nodes'],
  },
  dedicated: { shown: ['Kubernetes', undefined, 'nodes', false], pools: [], roles: ['nodes'] },
  serverless: {
    shown: ['ManagedKubernetes', 'Serverless', undefined, true],
    pools: [],
    roles: { message: /a Serverless cluster: ECI has none$/, hint: /rrsa.*identity\.workerRole\.eciRoleName/ },
  },
  edge: {
    shown: ['ManagedKubernetes', 'Edge', 'nodes', true],
    pools: [
      ['ess', 'nodes'],
      ['edge', undefined],
    ],
    roles: ['nodes'],
  },
  lingjun: {
    shown: ['ManagedKubernetes', 'Lingjun', 'nodes', true],
    pools: [['lingjun', 'lingjun-nodes']],
    roles: ['lingjun-nodes', 'nodes'],
  },
  acs: {
    shown: ['ManagedKubernetes', 'Acs', undefined, true],
    pools: [],
    roles: { message: /an ACS cluster: its Pods do not run on nodes of the account/, hint: /rrsa/ },
  },
  registered: {
    shown: ['ExternalKubernetes', undefined, undefined, false],
    pools: [],
    roles: { message: /a registered cluster/, hint: /access-key.*`workerRoles`/ },
  },
}

for (const kind of CLUSTER_KINDS) {
  const { shown, pools, roles } = KINDS[kind]
  test(`${kind}: the cluster is described as by ACK, and the rollout finds its roles, or the error names the setting`, async () => {
    const { body } = await cs.describeClusterDetail(idOf(kind))
    assert.deepEqual([body?.clusterType, body?.profile, body?.workerRamRoleName, body?.rrsaConfig !== undefined], shown)
    const listed = await cs.describeClusterNodePools(idOf(kind), new DescribeClusterNodePoolsRequest({}))
    assert.deepEqual(
      (listed.body?.nodepools ?? []).map(({ nodepoolInfo, scalingGroup, efloNodeGroup }) => [
        nodepoolInfo?.type,
        scalingGroup?.ramRoleName ?? efloNodeGroup?.workerRamRoleName,
      ]),
      pools,
    )
    assert.equal((await describeClusterDetail(target, idOf(kind))).kind, kind)
    const found = await findWorkerRoles(target, idOf(kind), undefined).catch((error) => error)
    if (Array.isArray(found)) return assert.deepEqual(found, roles)
    assert.ok(found instanceof NopassError && 'message' in roles, String(found))
    assert.equal(found.code, 'WORKER_ROLE_UNKNOWN')
    assert.match(found.message, roles.message)
    assert.match(found.hint, roles.hint)
  })
}

test('a seed with an unknown kind of cluster or node pool is rejected', () => {
  assert.throws(() => parseSeed(SEED.replace('kind: edge', 'kind: fog'), 'k.yaml'), { code: 'SEED_INVALID' })
  assert.throws(() => parseSeed(SEED.replace('type: edge', 'type: fog'), 'k.yaml'), { code: 'SEED_INVALID' })
})
