import { createEndpoints, readEndpoints } from '../../alibaba/transport/endpoints.ts'
import { createDefaultTransport } from '../../alibaba/transport/transport.ts'
import type { KubeClient } from '../../kube/client.ts'
import type { ReleaseFacts } from '../../release/find-release.ts'
import type { Reader } from '../../release/reader.ts'
import type { CloudSnapshot } from './cloud-facts.ts'
import { findCredentials } from './find-credentials.ts'
import { readPlace } from './read-place.ts'

export interface InspectOptions {
  readonly cloud?: 'auto' | 'off'
  readonly ackClusterId?: string
  readonly workerRole?: readonly string[]
  /** Addresses of cloud APIs, a YAML map. */
  readonly endpoints?: string
}

export interface InspectDeps {
  readonly client: KubeClient
  readonly reader: Reader
  readonly env: NodeJS.ProcessEnv
  readonly signal: AbortSignal
  readonly onProgress: (what: string, items: number) => void
}

/** The user waits: a single short retry. */
const PATIENCE = { timeout: 5000, attempts: 2 }

/**
 * Reads Alibaba Cloud only with the user's own credentials, and only at Alibaba's addresses or those in `--endpoints`. The values'
 * endpoints are ignored, because a user who may change them must not get our calls.
 * @throws NopassError `INPUT_INVALID`, `ENDPOINT_INVALID` for a wrong `--endpoints`
 */
export function createInspector(
  options: InspectOptions,
  deps: InspectDeps,
): (release: ReleaseFacts) => Promise<CloudSnapshot> {
  const { client, reader, env, signal, onProgress } = deps
  // People and runners are outside of the VPC.
  const overrides = readEndpoints(options.endpoints ?? '')
  // IMS is the newer half of RAM: ram.vpc-proxy.aliyuncs.com and ims.vpc-proxy.aliyuncs.com.
  const ims = overrides.ram?.replace(/^https:\/\/ram\./, 'https://ims.')
  const endpoints = createEndpoints({ overrides: { ...overrides, ims }, network: 'public' })
  return async ({ config }) => {
    if (options.cloud === 'off') return notInspected('you said --cloud off')
    const transport = createDefaultTransport({ env, ...PATIENCE })
    const credentials = await findCredentials({ env, transport, endpoints })
    if (credentials === undefined) return notInspected(NO_CREDENTIALS)
    if (config === undefined) return notInspected('the configuration of the release cannot be read')
    const given = { clusterId: options.ackClusterId, region: config.region }
    const [place, { inspectCloud }] = await Promise.all([
      readPlace(client, reader, given, signal),
      import('./inspect-cloud.ts'),
    ])
    const workerRoles = options.workerRole ?? []
    const say = (what: string): void => onProgress(what, 0)
    return inspectCloud(config, place, { transport, endpoints, credentials, workerRoles, onProgress: say }, signal)
  }
}

const NO_CREDENTIALS =
  'there are no credentials of Alibaba Cloud; set ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET to have roles, policies and instances checked too'

const notInspected = (why: string): CloudSnapshot => ({ state: 'not-inspected', why })
