import { NopassError } from '../errors.ts'
import { type PolicyDocument, policyOf, type Statement } from './normal-form.ts'

/** The audience of OIDC tokens for Alibaba Cloud. */
export const AUDIENCE: string = 'sts.aliyuncs.com'
/**
 * The issuer of github.com. On GitHub Enterprise Server it is `https://HOST/_services/token`, on
 * ghe.com `https://token.actions.SUBDOMAIN.ghe.com`.
 */
export const GITHUB_ISSUER: string = 'https://token.actions.githubusercontent.com'

export interface ServiceAccountTrust {
  readonly oidcProviderArn: string
  readonly issuer: string
  readonly namespace: string
  readonly serviceAccount: string
}

/**
 * Returns the statement that allows only the helper's ServiceAccount of one cluster to assume a
 * role.
 * @throws POLICY_INPUT_INVALID for a list of issuers, because no token has a list as its issuer
 */
export function rrsaStatement(trust: ServiceAccountTrust): Statement {
  if (/[,\s]/.test(trust.issuer)) {
    throw invalid(`the issuer ${JSON.stringify(trust.issuer)}`, "Give one issuer: the `iss` of the cluster's tokens.")
  }
  const subject = `system:serviceaccount:${trust.namespace}:${trust.serviceAccount}`
  return federated(trust.oidcProviderArn, trust.issuer, AUDIENCE, [subject])
}

export interface GithubTrust {
  readonly oidcProviderArn: string
  /** `OWNER/REPO`. */
  readonly repository: string
  /**
   * Numeric IDs of owner and repository. Names can be released and reused, but IDs cannot. Not used
   * for GitHub Enterprise Server.
   */
  readonly ownerId: string
  readonly repositoryId: string
  /** Default: github.com's. */
  readonly issuer?: string | undefined
  /** Subjects such as `ref:refs/heads/main` or `environment:production`, without wildcards. */
  readonly subjects: readonly string[]
  readonly audience?: string | undefined
  /**
   * If true, also trusts the old subject, which has only names, for a repository that does not use
   * the immutable subject.
   */
  readonly oldSubject?: boolean | undefined
}

/**
 * Returns the trust policy of a workflow's role, with GitHub's immutable subjects
 * `repo:OWNER@ID/REPO@ID:…`. They are the default for repositories created, renamed or transferred
 * since 2026-07-15, and opt-in for others. They also contain the names, so a rename needs a new
 * policy. GitHub Enterprise Server has no immutable subjects.
 * @throws POLICY_INPUT_INVALID
 */
export function githubTrustDocument(trust: GithubTrust): PolicyDocument {
  const names = /^([A-Za-z0-9][A-Za-z0-9-]*)\/([A-Za-z0-9._-]+)$/.exec(trust.repository)
  const { issuer = GITHUB_ISSUER } = trust
  requireIssuer(issuer)
  const isServer = isGithubServer(issuer)
  const ids = [trust.ownerId, trust.repositoryId]
  if (names === null || !(isServer || ids.every((id) => /^\d+$/.test(id)))) {
    throw invalid(
      `${trust.repository} with the ids ${ids.join(' and ')}`,
      'Give OWNER/REPO and both numeric ids (GITHUB_REPOSITORY_OWNER_ID, GITHUB_REPOSITORY_ID).',
    )
  }
  const [, owner, repository] = names
  const subjects = trust.subjects.flatMap((subject) => {
    if (/^(ref:refs\/(heads|tags)\/|environment:)[^*?]+$/.test(subject)) {
      const byNames = `repo:${owner}/${repository}:${subject}`
      if (isServer) return [byNames]
      const immutable = `repo:${owner}@${trust.ownerId}/${repository}@${trust.repositoryId}:${subject}`
      return trust.oldSubject ? [immutable, byNames] : [immutable]
    }
    throw invalid(
      `the subject ${JSON.stringify(subject)}`,
      'Write ref:refs/heads/BRANCH, ref:refs/tags/TAG or environment:NAME, without wildcards.',
    )
  })
  if (subjects.length === 0) throw invalid('no subject', 'Name at least one branch, tag or environment.')
  return policyOf([federated(trust.oidcProviderArn, issuer, trust.audience ?? AUDIENCE, subjects)])
}

/** True if the issuer is a GitHub Enterprise Server, whose subjects contain only names. */
export function isGithubServer(issuer: string): boolean {
  return /^https:\/\/[^/]+\/_services\/token$/.test(issuer)
}

function requireIssuer(issuer: string): void {
  const url = URL.canParse(issuer) ? new URL(issuer) : undefined
  const isPlain = url?.protocol === 'https:' && url.search === '' && url.hash === '' && url.username === ''
  if (isPlain && !/[\s,]|\/$/.test(issuer)) return
  throw invalid(
    `the issuer ${JSON.stringify(issuer)}`,
    `Write it as the tokens have it, without a slash at the end: ${GITHUB_ISSUER}, https://HOST/_services/token or https://token.actions.SUBDOMAIN.ghe.com.`,
  )
}

/**
 * Returns the trust policy of a role that another role assumes. RAM's own responses write a role's
 * ARN in lower case, and no page says whether `Principal` ignores the case. Therefore a calling
 * role is in lower case, too.
 */
export function roleTrustDocument(callerArn: string, externalId?: string): PolicyDocument {
  const condition = externalId ? { Condition: { StringEquals: { 'sts:ExternalId': [externalId] } } } : {}
  const caller = callerArn.includes(':role/') ? callerArn.toLowerCase() : callerArn
  return policyOf([{ Effect: 'Allow', Action: ['sts:AssumeRole'], Principal: { RAM: [caller] }, ...condition }])
}

function federated(provider: string, issuer: string, audience: string, subjects: readonly string[]): Statement {
  return {
    Effect: 'Allow',
    Action: ['sts:AssumeRole'],
    Principal: { Federated: [provider] },
    Condition: { StringEquals: { 'oidc:aud': [audience], 'oidc:iss': [issuer], 'oidc:sub': [...subjects].sort() } },
  }
}

function invalid(what: string, hint: string): NopassError {
  return new NopassError('POLICY_INPUT_INVALID', `no trust policy can be made from ${what}`, { hint })
}

/** The issuer of a cluster's ServiceAccount tokens. */
export interface ClusterIssuer {
  readonly issuer: string
  /** True if the API server's discovery document confirmed the issuer. */
  readonly verified: boolean
  /** The other issuers that ACK lists, if the issuer is not verified. */
  readonly others: readonly string[]
}

/**
 * Splits ACK's list of issuers (`rrsa_config.issuer`). Commas separate them, and the first is the
 * tokens' `iss`.
 */
export function parseIssuers(list: string): readonly string[] {
  return list
    .split(',')
    .map((issuer) => issuer.trim())
    .filter((issuer) => issuer !== '')
}

/**
 * Chooses the issuer for the trust policy: the issuer in the API server's discovery document.
 * Without this document, it is the first issuer that ACK lists, as not verified.
 * @throws RRSA_ISSUER_MISMATCH, RRSA_NOT_ENABLED
 */
export function chooseIssuer(listed: readonly string[], served: string | undefined, cluster: string): ClusterIssuer {
  if (served !== undefined && (listed.length === 0 || listed.some((issuer) => isSameIssuer(issuer, served)))) {
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

/** True if two issuers differ at most by a slash at the end. */
export function isSameIssuer(one: string, other: string): boolean {
  return one.replace(/\/$/, '') === other.replace(/\/$/, '')
}
