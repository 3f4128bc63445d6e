import type { HttpSender } from '../../alibaba/transport/http-sender.ts'
import { NopassError } from '../../errors.ts'
import { isRecord, parseObject } from '../../lib/json.ts'
import type { Grant } from '../../policy/grant.ts'
import { GITHUB_ISSUER, githubTrustDocument, isGithubServer } from '../../policy/trust-document.ts'
import { LOGIN_ROLE } from './login-grants.ts'
import type { PolicyFlags } from './policy-clusters.ts'

interface GithubIds {
  readonly ownerId: string
  readonly repositoryId: string
}

const NO_IDS: GithubIds = { ownerId: '', repositoryId: '' }

/** The role's name in the docs. */
const WORKFLOW_ROLE = 'acr-nopass-deploy'

/** Returns the trust policy of the workflow's role, for exactly one repository. */
export async function githubGrant(
  repository: string,
  flags: PolicyFlags,
  deps: { readonly env: NodeJS.ProcessEnv; readonly send: HttpSender },
  signal: AbortSignal,
): Promise<Grant> {
  const { oidcProviderArn, subject = ['ref:refs/heads/main'], oldSubject, issuer = GITHUB_ISSUER } = flags
  if (oidcProviderArn === undefined) {
    throw new NopassError('INPUT_MISSING', '--github needs --oidc-provider-arn', {
      hint: `Create an OIDC provider for ${issuer} in RAM once, and pass its ARN.`,
    })
  }
  const ids = isGithubServer(issuer) ? NO_IDS : await findIds(repository, flags, deps, signal)
  const trust = githubTrustDocument({ oidcProviderArn, repository, ...ids, issuer, subjects: subject, oldSubject })
  const name = flags.login ? LOGIN_ROLE : WORKFLOW_ROLE
  return { purpose: `the workflows of ${repository}`, role: { name, trust }, attachTo: [] }
}

/** Finds the IDs in flags, in a workflow's variables, or with GitHub's API. */
async function findIds(
  repository: string,
  { ownerId, repositoryId }: PolicyFlags,
  { env, send }: { readonly env: NodeJS.ProcessEnv; readonly send: HttpSender },
  signal: AbortSignal,
): Promise<GithubIds> {
  if (ownerId !== undefined && repositoryId !== undefined) return { ownerId, repositoryId }
  const { GITHUB_REPOSITORY_OWNER_ID: owner, GITHUB_REPOSITORY_ID: id } = env
  if (env.GITHUB_REPOSITORY === repository && owner && id) return { ownerId: owner, repositoryId: id }
  if (!/^[\w.-]+\/[\w.-]+$/.test(repository)) {
    throw new NopassError('INPUT_INVALID', `--github: "${repository}" is not OWNER/REPO`)
  }
  const url = new URL(`${env.GITHUB_API_URL || 'https://api.github.com'}/repos/${repository}`)
  const token = env.GH_TOKEN || env.GITHUB_TOKEN
  const headers = {
    accept: 'application/vnd.github+json',
    'user-agent': 'acr-nopass',
    ...(token ? { authorization: `Bearer ${token}` } : {}),
  }
  const response = await send({ url, method: 'GET', headers, timeout: 10_000 }, signal).catch((cause) => {
    throw unknown(repository, 'GitHub does not respond', cause)
  })
  if (response.status !== 200) throw unknown(repository, `GitHub returned ${response.status}`)
  const { id: found, owner: own } = parseObject(response.text) ?? {}
  const foundOwner = isRecord(own) ? own.id : undefined
  if (!Number.isInteger(found) || !Number.isInteger(foundOwner)) throw unknown(repository, 'GitHub returned no ids')
  return { ownerId: String(foundOwner), repositoryId: String(found) }
}

function unknown(repository: string, why: string, cause?: unknown): NopassError {
  return new NopassError('GITHUB_UNKNOWN', `the ids of ${repository} are not known: ${why}`, { cause })
}
