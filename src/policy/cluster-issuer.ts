import { NopassError } from '../errors.ts'

/** The issuer in a cluster's ServiceAccount tokens. */
export interface ClusterIssuer {
  readonly issuer: string
  /** Whether the API server's discovery document confirmed it. */
  readonly verified: boolean
  /** Where it is not verified: the other issuers that ACK lists. */
  readonly others: readonly string[]
}

/** ACK's list of issuers, as `rrsa_config.issuer` and the console have it: separated by commas, the first is `iss`. */
export function parseIssuers(list: string): readonly string[] {
  return list
    .split(',')
    .map((issuer) => issuer.trim())
    .filter((issuer) => issuer !== '')
}

/**
 * Which of ACK's issuers a trust policy must name. The API server's own discovery document decides; without it the
 * first entry is used and reported as not verified.
 * @throws NopassError `RRSA_ISSUER_MISMATCH`, `RRSA_NOT_ENABLED`
 */
export function chooseIssuer(listed: readonly string[], served: string | undefined, cluster: string): ClusterIssuer {
  if (served !== undefined && (listed.length === 0 || listed.some((issuer) => isSame(issuer, served)))) {
    return { issuer: served, verified: true, others: [] }
  }
  if (served !== undefined) {
    throw new NopassError(
      'RRSA_ISSUER_MISMATCH',
      `the API server of ${cluster} issues tokens as ${served}, but ACK lists ${listed.join(' and ')}`,
    )
  }
  const [first, ...others] = listed
  if (first !== undefined) return { issuer: first, verified: false, others }
  throw new NopassError('RRSA_NOT_ENABLED', `ACK lists no issuer for ${cluster}`)
}

const isSame = (one: string, other: string): boolean => one.replace(/\/$/, '') === other.replace(/\/$/, '')
