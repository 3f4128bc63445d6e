import { NopassError } from '../../errors.ts'
import { unlessStatus } from '../../kube/api-error.ts'
import { readServedIssuer } from '../../kube/read/cluster-identity.ts'
import { accountOf } from '../../policy/helper-grants.ts'
import { nodeAccounts, nodeRoles } from '../../policy/node-grants.ts'
import { type NodeOwner, type NodeUser, nodeRoleTargets } from '../../policy/node-roles.ts'
import type { RamOptions, SharedTarget } from '../../policy/policy-targets.ts'
import { chooseIssuer, parseIssuers } from '../../policy/trust-document.ts'
import type { ConnectedWork } from '../cluster/cluster-run.ts'
import type { PreparedCluster } from '../inputs/prepare-cluster.ts'
import { keyIn } from './limit-targets.ts'

/**
 * Returns the roles with which ServiceAccounts of this cluster pull on nodes.
 * @param own the cluster's other targets
 * @throws NODE_PROVIDER_MISSING, RRSA_ISSUER_MISMATCH, RRSA_NOT_ENABLED, POLICY_INPUT_INVALID
 */
export async function nodeTargets(
  work: ConnectedWork,
  key: string,
  own: readonly SharedTarget[],
  purpose: 'apply' | 'remove',
  options: RamOptions,
): Promise<readonly SharedTarget[]> {
  const { cluster, context } = work
  const user = userOf(cluster, key)
  const accountId = own[0]?.accountId
  if (accountId === undefined || user.accounts.length === 0) return []
  const owner: NodeOwner = { ...user, key, accountId, ...(await readIssuer(work, purpose)) }
  const run = context.prepared.map((one) => (one.name === cluster.name ? user : userOf(one, keyIn(one, cluster))))
  return nodeRoleTargets(owner, run, own, options)
}

const userOf = ({ name, values }: PreparedCluster, key: string | undefined): NodeUser => ({
  name,
  key,
  registries: values?.registries ?? [],
  accounts: values === undefined ? [] : nodeAccounts(values),
})

/** Returns the issuer of the cluster's tokens, and the provider in RAM that stands for it. */
async function readIssuer(
  { cluster, detail, release }: ConnectedWork,
  purpose: 'apply' | 'remove',
): Promise<Pick<NodeOwner, 'issuer' | 'oidcProviderArn'>> {
  const { node, identity } = cluster.values ?? {}
  const ofAck = detail?.rrsa.enabled ? detail.rrsa : undefined
  const oidcProviderArn =
    node?.serviceAccount.oidcProviderArn || identity?.rrsa?.oidcProviderArn || ofAck?.oidcProviderArn
  if (!oidcProviderArn) {
    const message = '`node.serviceAccounts` needs the OIDC provider of the cluster'
    throw new NopassError('NODE_PROVIDER_MISSING', message)
  }
  const served = await unlessStatus(readServedIssuer(release), 401, 403)
  // The user's own provider has an issuer that ACK does not list.
  const isOfAck = ofAck !== undefined && ofAck.oidcProviderArn.toLowerCase() === oidcProviderArn.toLowerCase()
  // A removal uses the issuer that an apply wrote, even if ACK's list has changed since.
  const listed = isOfAck && !(purpose === 'remove' && served !== undefined) ? parseIssuers(ofAck.issuers) : []
  return { oidcProviderArn, issuer: chooseIssuer(listed, served, cluster.name) }
}

/** Explains which roles of ServiceAccounts this run does not change, and why. */
export function untouchedNodeRoles({ cluster }: ConnectedWork, accountId: string | undefined): readonly string[] {
  const roles = cluster.values === undefined ? [] : nodeRoles(nodeAccounts(cluster.values))
  const elsewhere = roles.filter((arn) => accountId === undefined || accountOf(arn) !== accountId)
  const why = accountId === undefined ? 'you manage it' : 'it belongs to another account'
  return elsewhere.map((arn) => `RAM: role ${arn} not changed, because ${why}: \`acr-nopass policy\` prints it`)
}
