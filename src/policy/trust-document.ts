import { NopassError } from '../errors.ts'
import { type PolicyDocument, policyOf, type Statement } from './normal-form.ts'

/** The audience of OIDC tokens for Alibaba Cloud. */
export const AUDIENCE: string = 'sts.aliyuncs.com'
/**
 * The issuer of github.com. GitHub Enterprise Server: `https://HOST/_services/token`, ghe.com:
 * `https://token.actions.SUBDOMAIN.ghe.com`.
 */
export const GITHUB_ISSUER: string = 'https://token.actions.githubusercontent.com'

export interface ServiceAccountTrust {
  readonly oidcProviderArn: string
  readonly issuer: string
  readonly namespace: string
  readonly serviceAccount: string
}

/**
 * The statement that allows only the helper's ServiceAccount of one cluster to assume a role.
 * @throws POLICY_INPUT_INVALID for a list of issuers, which no token has
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
   * Numeric ids of owner and repository: names can be released and reused, ids cannot. Not used for
   * a Server.
   */
  readonly ownerId: string
  readonly repositoryId: string
  /** Default: github.com's. */
  readonly issuer?: string | undefined
  /** `ref:refs/heads/main`, `environment:production`, without wildcards. */
  readonly subjects: readonly string[]
  readonly audience?: string | undefined
  /**
   * Also the old subject, with names only, for a repository that does not use the immutable one.
   */
  readonly oldSubject?: boolean | undefined
}

/**
 * The trust policy of a workflow's role, with GitHub's immutable subjects
 * `repo:OWNER@ID/REPO@ID:…`: the default for repositories created, renamed or transferred since
 * 2026-07-15, opt-in for others. They contain the names too, so a rename needs a new policy. GitHub
 * Enterprise Server has no immutable subjects.
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

/** Whether the issuer is a GitHub Enterprise Server, whose subjects contain only names. */
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

/** The trust policy of a role that another role assumes. */
export function roleTrustDocument(callerArn: string, externalId?: string): PolicyDocument {
  const condition = externalId ? { Condition: { StringEquals: { 'sts:ExternalId': [externalId] } } } : {}
  return policyOf([{ Effect: 'Allow', Action: ['sts:AssumeRole'], Principal: { RAM: [callerArn] }, ...condition }])
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
  /** Whether the API server's discovery document confirmed it. */
  readonly verified: boolean
  /** If it is not verified: the other issuers that ACK lists. */
  readonly others: readonly string[]
}

/**
 * Splits ACK's list of issuers (`rrsa_config.issuer`): separated by commas, the first is the
 * tokens' `iss`.
 */
export function parseIssuers(list: string): readonly string[] {
  return list
    .split(',')
    .map((issuer) => issuer.trim())
    .filter((issuer) => issuer !== '')
}

/**
 * The issuer for the trust policy: that of the API server's discovery document, or without it the
 * first that ACK lists, which is not verified then.
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

/** Whether two issuers differ at most by a slash at the end. */
export function isSameIssuer(one: string, other: string): boolean {
  return one.replace(/\/$/, '') === other.replace(/\/$/, '')
}
