import { shellWord } from '../../lib/shell-word.ts'
import type { Finding } from '../finding.ts'
import type { Observed } from '../observed.ts'
import { issuerCandidates } from './cluster-issuer.ts'

/** STS's audience, that of the chart's token. */
const AUDIENCE = 'sts.aliyuncs.com'

/** Whether STS can verify the helper's token with the OIDC provider. */
export function cloudProviderFindings(observed: Observed): readonly Finding[] {
  const { cloud, release } = observed
  const arn = release?.config?.identity.rrsa?.oidcProviderArn
  if (cloud.state !== 'looked' || !arn) return []
  const { oidcProvider: provider } = cloud.facts
  if (provider === undefined) return []
  const candidates = issuerCandidates(observed)
  const [issuer] = candidates
  const name = arn.slice(arn.indexOf('/') + 1)
  const common = { id: 'OIDC_PROVIDER_WRONG', severity: 'error', subject: `OIDC provider ${name}` } as const
  const make = `aliyun ims CreateOIDCProvider --OIDCProviderName ${shellWord(name)} --IssuerUrl ${shellWord(issuer ?? '<issuer>')} --ClientIds ${AUDIENCE}`
  if (provider === null) {
    return [
      {
        ...common,
        message: 'it does not exist',
        cause: `RAM has no provider ${arn}, so STS takes no token of this cluster.`,
        fix: 'Turn RRSA on again in ACK, or make the provider; then name it in `identity.rrsa.oidcProviderArn`.',
        command: make,
      },
    ]
  }
  if (issuer !== undefined && !candidates.some((one) => isSame(provider.issuer, one))) {
    return [
      {
        ...common,
        message: `its issuer is ${provider.issuer}, and this cluster's is ${issuer}`,
        cause: 'It is the provider of another cluster, or the cluster was recreated.',
        fix: "Name this cluster's provider in `identity.rrsa.oidcProviderArn`; the command lists all. The issuer of a provider cannot be changed: delete it and create it again only if no other cluster uses it.",
        command: 'aliyun ims ListOIDCProviders',
      },
    ]
  }
  const { clientIds } = provider
  if (clientIds.includes(AUDIENCE)) return []
  return [
    {
      ...common,
      message: `it does not know the audience ${AUDIENCE}`,
      cause: `Its client ids are ${clientIds.join(', ') || 'none'}, and the helper's token is for ${AUDIENCE}.`,
      fix: 'Add that client id.',
      command: `aliyun ims UpdateOIDCProvider --OIDCProviderName ${shellWord(name)} --ClientIds ${shellWord([...clientIds, AUDIENCE].join(','))}`,
    },
  ]
}

const isSame = (a: string, b: string): boolean => a.replace(/\/$/, '') === b.replace(/\/$/, '')
