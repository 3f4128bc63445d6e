import { findCredentials } from '../../alibaba/identities/find-credentials.ts'
import { createDefaultTransport } from '../../alibaba/transport/cloud-transport.ts'
import { createEndpoints, readEndpoints } from '../../alibaba/transport/endpoints.ts'
import type { ReleaseFacts } from '../../installation/find-release.ts'
import type { ServiceAccountView } from '../../installation/object-views.ts'
import type { Reader } from '../../kube/read/reader.ts'
import type { CloudSnapshot } from './inspect-cloud.ts'
import { readPlace } from './read-place.ts'
import { roleAccounts } from './wanted-roles.ts'

export interface InspectOptions {
  /** `auto` also reads Alibaba Cloud, with the user's own credentials. */
  readonly cloud?: 'auto' | 'off'
  readonly ackClusterId?: string
  readonly workerRole?: readonly string[]
  /** Addresses of cloud APIs as a YAML map, in the form of the action's input. */
  readonly endpoints?: string
}

export interface InspectDeps {
  readonly reader: Reader
  readonly env: NodeJS.ProcessEnv
  readonly onProgress: (what: string, items: number) => void
}

/** Reads Alibaba Cloud for a release and its ServiceAccounts, or returns why nothing was read. */
export type Inspect = (
  release: ReleaseFacts,
  accounts: Promise<readonly ServiceAccountView[] | undefined>,
) => Promise<CloudSnapshot>

/** The user waits for the result, so there is a single short retry. */
const PATIENCE = { timeout: 5000, attempts: 2 }

/**
 * Creates the function that reads Alibaba Cloud. It uses only the user's own credentials, and only
 * Alibaba's addresses or those in `--endpoints`. The endpoints in the values are ignored: a user
 * who can change the values must not receive our calls.
 * @throws INPUT_INVALID, ENDPOINT_INVALID for a wrong `--endpoints`
 */
export function createInspector(options: InspectOptions, deps: InspectDeps): Inspect {
  const { reader, env, onProgress } = deps
  // People and CI runners are outside of the VPC.
  const overrides = readEndpoints(options.endpoints ?? '')
  // IMS is the newer half of RAM: ram.vpc-proxy.aliyuncs.com and ims.vpc-proxy.aliyuncs.com.
  const ims = overrides.ram?.replace(/^https:\/\/ram\./, 'https://ims.')
  const endpoints = createEndpoints({ overrides: { ...overrides, ims }, network: 'public' })
  return async ({ config }, accounts) => {
    if (options.cloud === 'off') return notInspected('--cloud off was given')
    const transport = createDefaultTransport({ env, ...PATIENCE })
    const credentials = await findCredentials({ env, transport, endpoints, sessionName: 'acr-nopass-doctor' })
    if (credentials === undefined) return notInspected(NO_CREDENTIALS)
    if (config === undefined) return notInspected('the configuration of the release cannot be read')
    const given = { clusterId: options.ackClusterId, region: config.region }
    const [place, { inspectCloud }] = await Promise.all([readPlace(reader, given), import('./inspect-cloud.ts')])
    const sources = { transport, endpoints, credentials, onProgress: (what: string) => onProgress(what, 0) }
    const workerRoles = options.workerRole ?? []
    const ofNodes = roleAccounts(await accounts)
    if (!config.helper.enabled && ofNodes.length === 0) return notInspected(NO_ROLES)
    return inspectCloud({ config, place, workerRoles, accounts: ofNodes }, sources, reader.signal)
  }
}

const NO_CREDENTIALS =
  'there are no credentials of Alibaba Cloud; set ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET to have roles, policies and instances checked too'

const NO_ROLES = 'the helper is off, and no ServiceAccount names a role; the roles of nodes are not read'

const notInspected = (why: string): CloudSnapshot => ({ state: 'not-inspected', why })
