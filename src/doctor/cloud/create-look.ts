import { readEndpoints } from '../../alibaba/read-endpoints.ts'
import { createEndpoints } from '../../alibaba/transport/endpoints.ts'
import { createDefaultTransport } from '../../alibaba/transport/transport.ts'
import type { KubeClient } from '../../kube/client.ts'
import type { ReleaseFacts } from '../../release/find-release.ts'
import type { Reader } from '../../release/reader.ts'
import type { CloudLook } from './cloud-facts.ts'
import { findCredentials } from './find-credentials.ts'
import { readPlace } from './read-place.ts'

/** What of Alibaba Cloud is read, and where. */
export interface LookOptions {
  readonly cloud?: 'auto' | 'off'
  readonly ackClusterId?: string
  readonly workerRole?: readonly string[]
  /** Addresses of cloud APIs, a YAML map. */
  readonly endpoints?: string
}

export interface LookDeps {
  readonly client: KubeClient
  readonly reader: Reader
  readonly env: NodeJS.ProcessEnv
  readonly signal: AbortSignal
  readonly onProgress: (what: string, items: number) => void
}

/** A person waits: one repetition of what failed, and no long one. */
const PATIENCE = { timeout: 5000, attempts: 2 }

/**
 * How `doctor` looks at Alibaba Cloud: with the user's own credentials alone, and only at addresses that are Alibaba's or
 * that the user named. What values say about endpoints is for the helper: whoever may change them must not get our calls.
 * @throws NopassError `INPUT_INVALID`, `ENDPOINT_INVALID` for a wrong `--endpoints`
 */
export function createLook(options: LookOptions, deps: LookDeps): (release: ReleaseFacts) => Promise<CloudLook> {
  const { client, reader, env, signal, onProgress } = deps
  // People and runners are outside of the VPC.
  const overrides = readEndpoints(options.endpoints ?? '')
  // IMS is the newer half of RAM: ram.vpc-proxy.aliyuncs.com and ims.vpc-proxy.aliyuncs.com.
  const ims = overrides.ram?.replace(/^https:\/\/ram\./, 'https://ims.')
  const endpoints = createEndpoints({ overrides: { ...overrides, ims }, network: 'public' })
  return async ({ config }) => {
    if (options.cloud === 'off') return notLooked('you said --cloud off')
    const transport = createDefaultTransport({ env, ...PATIENCE })
    const credentials = await findCredentials({ env, transport, endpoints })
    if (credentials === undefined) return notLooked(NO_CREDENTIALS)
    if (config === undefined) return notLooked('the configuration of the release cannot be read')
    const given = { clusterId: options.ackClusterId, region: config.region }
    const [place, { lookAtCloud }] = await Promise.all([
      readPlace(client, reader, given, signal),
      import('./look-at-cloud.ts'),
    ])
    const workerRoles = options.workerRole ?? []
    const say = (what: string): void => onProgress(what, 0)
    return lookAtCloud(config, place, { transport, endpoints, credentials, workerRoles, onProgress: say }, signal)
  }
}

const NO_CREDENTIALS =
  'there are no credentials of Alibaba Cloud; set ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET to have roles, policies and instances checked too'

const notLooked = (why: string): CloudLook => ({ state: 'not-looked', why })
