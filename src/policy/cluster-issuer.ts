import { NopassError } from '../errors.ts'

/** The issuer of a cluster's ServiceAccount tokens. */
export interface ClusterIssuer {
  readonly issuer: string
  /** Whether the API server's discovery document confirmed it. */
  readonly verified: boolean
  /** If it is not verified: the other issuers that ACK lists. */
  readonly others: readonly string[]
}

/** Splits ACK's list of issuers (`rrsa_config.issuer`): separated by commas, the first is the tokens' `iss`. */
export function parseIssuers(list: string): readonly string[] {
  return list
    .split(',')
    .map((issuer) => issuer.trim())
    .filter((issuer) => issuer !== '')
}

/**
 * The issuer for the trust policy: that of the API server's discovery document, or without it the first that ACK lists, which
 * is not verified then.
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
