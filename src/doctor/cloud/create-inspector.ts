import { createDefaultTransport } from '../../alibaba/transport/cloud-transport.ts'
import { createEndpoints, readEndpoints } from '../../alibaba/transport/endpoints.ts'
import type { KubeObject } from '../../kube/types.ts'
import { clusterKey } from '../../policy/ram-names.ts'
import type { ReleaseFacts } from '../../release/find-release.ts'
import type { Reader } from '../../release/reader.ts'
import type { CloudSnapshot, ClusterPlace } from './cloud-facts.ts'
import { findCredentials } from './find-credentials.ts'

export interface InspectOptions {
  /** Whether Alibaba Cloud is read too, with the user's own credentials. */
  readonly cloud?: 'auto' | 'off'
  readonly ackClusterId?: string
  readonly workerRole?: readonly string[]
  /** Addresses of cloud APIs, a YAML map, as the input of the action. */
  readonly endpoints?: string
}

export interface InspectDeps {
  readonly reader: Reader
  readonly env: NodeJS.ProcessEnv
  readonly onProgress: (what: string, items: number) => void
}

/** The user waits: a single short retry. */
const PATIENCE = { timeout: 5000, attempts: 2 }

/**
 * Reads Alibaba Cloud only with the user's own credentials, and only at Alibaba's addresses or those in `--endpoints`. The values'
 * endpoints are ignored, because a user with the right to change them must not receive our calls.
 * @throws INPUT_INVALID, ENDPOINT_INVALID for a wrong `--endpoints`
 */
export function createInspector(
  options: InspectOptions,
  deps: InspectDeps,
): (release: ReleaseFacts) => Promise<CloudSnapshot> {
  const { reader, env, onProgress } = deps
  // People and runners are outside of the VPC.
  const overrides = readEndpoints(options.endpoints ?? '')
  // IMS is the newer half of RAM: ram.vpc-proxy.aliyuncs.com and ims.vpc-proxy.aliyuncs.com.
  const ims = overrides.ram?.replace(/^https:\/\/ram\./, 'https://ims.')
  const endpoints = createEndpoints({ overrides: { ...overrides, ims }, network: 'public' })
  return async ({ config }) => {
    if (options.cloud === 'off') return notInspected('--cloud off was given')
    const transport = createDefaultTransport({ env, ...PATIENCE })
    const credentials = await findCredentials({ env, transport, endpoints })
    if (credentials === undefined) return notInspected(NO_CREDENTIALS)
    if (config === undefined) return notInspected('the configuration of the release cannot be read')
    const given = { clusterId: options.ackClusterId, region: config.region }
    const [place, { inspectCloud }] = await Promise.all([readPlace(reader, given), import('./inspect-cloud.ts')])
    const workerRoles = options.workerRole ?? []
    const say = (what: string): void => onProgress(what, 0)
    return inspectCloud(
      config,
      place,
      { transport, endpoints, credentials, workerRoles, onProgress: say },
      reader.signal,
    )
  }
}

const NO_CREDENTIALS =
  'there are no credentials of Alibaba Cloud; set ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET to have roles, policies and instances checked too'

const notInspected = (why: string): CloudSnapshot => ({ state: 'not-inspected', why })

/** ACK's ConfigMap in each of its clusters; the CSI driver reads the same keys. */
const PROFILE = '/api/v1/namespaces/kube-system/configmaps/ack-cluster-profile'

/** The location of a cluster, read from its objects. `given` are the user's flags and the values of the release. */
async function readPlace(
  reader: Reader,
  given: { readonly clusterId: string | undefined; readonly region: string },
): Promise<ClusterPlace> {
  const [profile, home, region] = await Promise.all([
    reader.get<{ readonly data?: Readonly<Record<string, string>> }>(
      'ConfigMap kube-system/ack-cluster-profile',
      PROFILE,
    ),
    reader.get<KubeObject>('Namespace kube-system', '/api/v1/namespaces/kube-system'),
    given.region || readRegion(reader),
  ])
  const { clusterid, uid, vpcid, 'vsw-zone': vswitches } = profile?.data ?? {}
  const clusterId = given.clusterId ?? (clusterid || undefined)
  // A cluster given by flag may be another one than the profile's.
  const own = clusterId === clusterid
  return {
    clusterId,
    accountId: (own && uid) || undefined,
    region,
    vpcId: (own && vpcid) || undefined,
    // `vsw-a:cn-hangzhou-h,vsw-b:cn-hangzhou-i`
    vswitchId: (own && vswitches?.split(/[:,]/)[0]) || undefined,
    key: clusterKey({ clusterId, kubeSystemUid: home?.metadata.uid }),
  }
}

async function readRegion(reader: Reader): Promise<string> {
  type Nodes = { readonly items?: readonly KubeObject[] }
  const list = await reader.attempt('Nodes', () => reader.request<Nodes>('/api/v1/nodes', { query: { limit: 1 } }))
  return list?.items?.[0]?.metadata.labels?.['topology.kubernetes.io/region'] ?? ''
}
