import { hasCode, NopassError } from '../../errors.ts'
import { quoted, shell } from '../../lib/shell-command.ts'
import { AUDIENCE, chooseIssuer, isSameIssuer } from '../../policy/trust-document.ts'
import type { Found } from '../finding.ts'
import type { Observed } from '../observed.ts'

/**
 * Returns the possible issuers of the cluster's tokens, the likely one first, or a single issuer if
 * the API server confirmed it.
 */
export function issuerCandidates(observed: Observed): readonly string[] {
  const judged = judgeIssuer(observed)
  if (judged === undefined || judged instanceof NopassError)
    return observed.issuer === undefined ? [] : [observed.issuer]
  return [judged.issuer, ...judged.others]
}

/** Reports whether ACK lists the issuer of the cluster's tokens. A rollout makes the same check. */
export function clusterIssuerFindings(observed: Observed): Found {
  const judged = judgeIssuer(observed)
  if (!hasCode(judged, 'RRSA_ISSUER_MISMATCH')) return []
  return {
    id: 'OIDC_ISSUER_MISMATCH',
    subject: "issuer of the cluster's tokens",
    message: 'ACK does not list this issuer, so RAM rejects the tokens',
    cause: `${judged.message}. RAM checks tokens against the issuer that ACK registered.`,
    fix: 'Check --ack-cluster-id; if the id is right, turn RRSA off and on again in the ACK console.',
    command: shell`aliyun cs DescribeClusterDetail --ClusterId ${quoted(clusterIdOf(observed))}`,
  }
}

const clusterIdOf = ({ cloud }: Observed): string =>
  (cloud.state === 'looked' ? cloud.facts.place.clusterId : undefined) ?? '<cluster id>'

function judgeIssuer({ cloud, issuer }: Observed): ReturnType<typeof chooseIssuer> | NopassError | undefined {
  if (cloud.state !== 'looked') return undefined
  try {
    return chooseIssuer(cloud.facts.issuers, issuer, cloud.facts.place.clusterId ?? 'this cluster')
  } catch (error) {
    if (error instanceof NopassError) return error
    throw error
  }
}

/** Reports why STS cannot verify the helper's token with the OIDC provider. */
export function cloudProviderFindings(observed: Observed): Found {
  const { cloud, release } = observed
  const arn = release?.config?.identity.rrsa?.oidcProviderArn
  if (cloud.state !== 'looked' || !arn) return []
  const { oidcProvider: provider } = cloud.facts
  if (provider === undefined) return []
  const candidates = issuerCandidates(observed)
  const [issuer] = candidates
  const name = arn.slice(arn.indexOf('/') + 1)
  const common = { id: 'OIDC_PROVIDER_WRONG', severity: 'error', subject: `OIDC provider ${name}` } as const
  const make = shell`aliyun ims CreateOIDCProvider --OIDCProviderName ${quoted(name)} --IssuerUrl ${quoted(issuer ?? '<issuer>')} --ClientIds ${quoted(AUDIENCE)} --Fingerprints ${quoted('<fingerprints>')}`
  if (provider === null) {
    return {
      ...common,
      message: 'it does not exist',
      cause: `RAM has no provider ${arn}, so STS accepts no token of this cluster.`,
      fix: "Turn RRSA on again in the ACK console, or create the provider in the RAM console (SSO, OIDC): both set its fingerprints. The command needs the SHA-1 fingerprints of the issuer's root and intermediate certificates, at most five; docs/en/quick-start-self-built.md shows how openssl prints them. Then name the provider in `identity.rrsa.oidcProviderArn`.",
      command: make,
    }
  }
  if (issuer !== undefined && !candidates.some((one) => isSameIssuer(provider.issuer, one))) {
    return {
      ...common,
      message: `its issuer is ${provider.issuer}, but this cluster's issuer is ${issuer}`,
      cause: 'The provider belongs to another cluster, or the cluster was recreated.',
      fix: "Name this cluster's provider in `identity.rrsa.oidcProviderArn`; the command lists all providers. The issuer of a provider cannot be changed. Delete the provider and create it again only if no other cluster uses it.",
      command: shell`aliyun ims ListOIDCProviders`,
    }
  }
  const { clientIds } = provider
  if (clientIds.includes(AUDIENCE)) return []
  return {
    ...common,
    message: `it does not accept the audience ${AUDIENCE}`,
    cause: `Its client ids are ${clientIds.join(', ') || 'none'}, but the helper's token is for ${AUDIENCE}.`,
    fix: 'Add that client id to the provider.',
    command: shell`aliyun ims UpdateOIDCProvider --OIDCProviderName ${quoted(name)} --ClientIds ${quoted([...clientIds, AUDIENCE].join(','))}`,
  }
}
