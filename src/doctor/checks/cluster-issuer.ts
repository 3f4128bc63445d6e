import { NopassError } from '../../errors.ts'
import { shellWord } from '../../lib/shell-word.ts'
import { chooseIssuer } from '../../policy/cluster-issuer.ts'
import type { Finding } from '../finding.ts'
import type { Observed } from '../observed.ts'

/** The possible issuers of the cluster's tokens, the likely one first; only one if the API server confirmed it. */
export function issuerCandidates(observed: Observed): readonly string[] {
  const judged = judge(observed)
  if (judged === undefined || judged instanceof NopassError)
    return observed.issuer === undefined ? [] : [observed.issuer]
  return [judged.issuer, ...judged.others]
}

/** Whether ACK lists the issuer of the cluster's tokens, as a rollout checks it. */
export function clusterIssuerFindings(observed: Observed): readonly Finding[] {
  const judged = judge(observed)
  if (!(judged instanceof NopassError) || judged.code !== 'RRSA_ISSUER_MISMATCH') return []
  return [
    {
      id: 'OIDC_ISSUER_MISMATCH',
      severity: 'error',
      subject: "issuer of the cluster's tokens",
      message: 'ACK does not list it, so RAM refuses the tokens',
      cause: `${judged.message}. RAM checks tokens against the issuer that ACK registered.`,
      fix: 'Check --ack-cluster-id; if it is right, turn RRSA off and on again in the ACK console.',
      command: `aliyun cs DescribeClusterDetail --ClusterId ${shellWord(clusterIdOf(observed))}`,
    },
  ]
}

const clusterIdOf = ({ cloud }: Observed): string =>
  (cloud.state === 'looked' ? cloud.facts.place.clusterId : undefined) ?? '<cluster id>'

function judge({ cloud, issuer }: Observed): ReturnType<typeof chooseIssuer> | NopassError | undefined {
  if (cloud.state !== 'looked' || cloud.facts.issuers.length === 0) return undefined
  try {
    return chooseIssuer(cloud.facts.issuers, issuer, cloud.facts.place.clusterId ?? 'this cluster')
  } catch (error) {
    if (error instanceof NopassError) return error
    throw error
  }
}
