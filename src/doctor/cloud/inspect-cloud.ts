import type { CredentialProvider } from '../../alibaba/credentials.ts'
import { getOidcProvider } from '../../alibaba/ims.ts'
import { createRam } from '../../alibaba/ram.ts'
import { getCallerIdentity } from '../../alibaba/sts.ts'
import type { AbortableTarget, CloudTransport } from '../../alibaba/transport/cloud-transport.ts'
import type { Endpoints } from '../../alibaba/transport/endpoints.ts'
import { rolePolicyName } from '../../policy/helper-grants.ts'
import { policyName } from '../../policy/ram-names.ts'
import type { HelperConfig } from '../../values/helper-config.generated.ts'
import type { CloudFacts, CloudSnapshot, ClusterPlace, InstanceFacts, RoleFacts } from './cloud-facts.ts'
import { type CloudReader, createCloudReader, readAckCluster, readInstance, readRole } from './cloud-reader.ts'
import { partsOf, type WantedRole, wantedRoles } from './wanted-roles.ts'

export interface CloudSources {
  readonly transport: CloudTransport
  readonly endpoints: Endpoints
  readonly credentials: CredentialProvider
  /** Names of the nodes' RAM roles from the user; empty: read from ACK. */
  readonly workerRoles: readonly string[]
  readonly onProgress: (what: string) => void
}

/** Milliseconds for all reads together. */
const LIMIT = 20_000

/**
 * Reads from Alibaba Cloud what a release's helper depends on: its roles in RAM with their policies, and its registry
 * instances. Reads only. What may not be read, or does not respond, is noted.
 */
export async function inspectCloud(
  config: HelperConfig,
  place: ClusterPlace,
  sources: CloudSources,
  signal: AbortSignal,
): Promise<CloudSnapshot> {
  const { transport, endpoints, credentials } = sources
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(LIMIT)])
  const reader = createCloudReader(signal, deadline, sources.onProgress)
  const sts = { transport, endpoint: endpoints.url('sts') }
  const identity = await reader.attempt('who your credentials are', 'sts:GetCallerIdentity', () =>
    getCallerIdentity(sts, credentials, deadline),
  )
  if (identity === undefined) {
    return { state: 'not-inspected', why: reader.notes[0]?.why ?? '' }
  }
  const { accountId, arn } = identity
  const at = (product: 'cs' | 'cr', region: string) => ({
    transport,
    credentials,
    signal: deadline,
    endpoint: endpoints.url(product, region),
  })
  const ims = { transport, credentials, signal: deadline, endpoint: endpoints.url('ims') }
  const [ack, oidcProvider, instances] = await Promise.all([
    readAckCluster((region) => at('cs', region), reader, { config, place, workerRoles: sources.workerRoles }),
    readProvider(ims, reader, { config, accountId }),
    readInstances((region) => at('cr', region), reader, { config, place, accountId }),
  ])
  const { workerRoles } = ack
  const roles = wantedRoles(config, { accountId: place.accountId ?? accountId, issuer: undefined, workerRoles })
  const ram = createRam({ transport, credentials, endpoint: endpoints.url('ram') })
  const read = await Promise.all(
    roles
      .filter((role) => isOurs(`role ${role.name}`, role.accountId, accountId, reader))
      .map(async (role) => {
        const names = namesOf(role, place)
        return [role.arn.toLowerCase(), await readRole(ram, reader, { ...role, names }, deadline)] as const
      }),
  )
  if (config.identity.type === 'access-key') {
    reader.note("the policies of the access key's user", 'RAM does not report which user a key in a Secret belongs to')
  }
  return {
    state: 'looked',
    notes: reader.notes,
    facts: {
      caller: arn,
      accountId,
      place: { ...place, vpcId: ack.vpcId ?? place.vpcId },
      workerRoles: ack.workerRoles,
      issuers: ack.issuers,
      roles: new Map<string, RoleFacts>(read),
      oidcProvider,
      instances,
    },
  }
}

async function readProvider(
  ims: AbortableTarget,
  reader: CloudReader,
  { config, accountId }: { readonly config: HelperConfig; readonly accountId: string },
): Promise<CloudFacts['oidcProvider']> {
  const { type, rrsa } = config.identity
  const [, owner = '', name = ''] = /^acs:ram::(\d+):oidc-provider\/(.+)$/.exec(rrsa?.oidcProviderArn ?? '') ?? []
  if (type !== 'rrsa' || name === '' || !isOurs(`OIDC provider ${name}`, owner, accountId, reader)) return undefined
  const read = async () => (await getOidcProvider(ims, name)) ?? null
  return reader.attempt(`OIDC provider ${name}`, 'ram:GetOIDCProvider', read)
}

async function readInstances(
  crIn: Parameters<typeof readInstance>[0],
  reader: CloudReader,
  { config, place, accountId }: { config: HelperConfig; place: ClusterPlace; accountId: string },
): Promise<ReadonlyMap<string, InstanceFacts>> {
  // A token is valid for the account that requested it.
  const identity = config.identity.type === 'rrsa' ? partsOf(config.identity.rrsa?.roleArn ?? '').accountId : ''
  const enterprise = config.registries.filter(({ edition, assumeRole, name }) => {
    if (edition !== 'enterprise') return false
    const owner = partsOf(assumeRole.at(-1)?.roleArn ?? '').accountId || identity || place.accountId || accountId
    return isOurs(`instance of registry ${name}`, owner, accountId, reader)
  })
  const found = await Promise.all(
    enterprise.map(async (registry) => {
      return [registry.name, await readInstance(crIn, reader, registry, place.region)] as const
    }),
  )
  return new Map(found)
}

/** The cloud returns only objects of the caller's account. */
function isOurs(what: string, owner: string, own: string, reader: CloudReader): boolean {
  if (owner === own) return true
  const fix = 'run doctor with credentials of that account too'
  reader.note(what, `it is of account ${owner}, and your credentials are of ${own}; ${fix}`)
  return false
}

/** What our policy of a role can be called, the likely name first (docs/en/decisions.md#policy-names). */
function namesOf({ kind, name }: WantedRole, { key }: ClusterPlace): readonly string[] {
  if (kind === 'chain') return [rolePolicyName(name)]
  const cluster = key === '' ? [] : [policyName({ cluster: key })]
  return kind === 'rrsa' ? [...cluster, rolePolicyName(name)] : [...cluster, policyName({ sharedRole: name })]
}
