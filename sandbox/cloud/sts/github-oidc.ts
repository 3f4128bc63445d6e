import { createHash, generateKeyPairSync, randomUUID } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import type { ApiRequest } from '../http/request.ts'
import { randomText } from '../identifiers.ts'
import { type Jwks, signJwt } from './jwt.ts'

/** The issuer of GitHub Actions, which the RAM OIDC provider and the trust policy name. */
export const GITHUB_ISSUER = 'https://token.actions.githubusercontent.com'

export interface GithubJob {
  /** `owner/name`. */
  readonly repository: string
  readonly ref?: string
  /** Default: derived from the other fields. */
  readonly sub?: string
}

export interface GithubRunner {
  /** The value of ACTIONS_ID_TOKEN_REQUEST_URL. */
  readonly requestUrl: string
  /** The value of ACTIONS_ID_TOKEN_REQUEST_TOKEN. */
  readonly requestToken: string
}

/**
 * Creates GitHub's token service for Actions. Subjects are immutable (`repo:owner@id/name@id:…`),
 * the default since 2026-07.
 */
export function createGithubOidc(now: () => number) {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const kid = randomUUID()
  const jwks: Jwks = { keys: [{ ...publicKey.export({ format: 'jwk' }), kid, alg: 'RS256', use: 'sig' }] }
  const jobs = new Map<string, GithubJob>()

  const issueToken = (job: GithubJob & { readonly audience: string }): string => {
    const seconds = Math.floor(now() / 1000)
    const [owner = '', name = ''] = job.repository.split('/')
    const ref = job.ref ?? 'refs/heads/main'
    const claims = {
      iss: GITHUB_ISSUER,
      aud: job.audience,
      sub: job.sub ?? githubSubject(job),
      jti: randomUUID(),
      iat: seconds,
      nbf: seconds - 5,
      exp: seconds + 300,
      repository: job.repository,
      repository_owner: owner,
      repository_id: numericId(`${owner}/${name}`),
      repository_owner_id: numericId(owner),
      ref,
    }
    return signJwt(claims, privateKey, { kid })
  }

  /** Serves a request for an ID token, below `/oidc/idtoken/`. */
  const serveToken = (request: ApiRequest, response: ServerResponse): void => {
    const bearer = /^bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1] ?? ''
    const job = jobs.get(bearer)
    const audience = request.parameters.get('audience') ?? `https://github.com/${job?.repository.split('/')[0]}`
    const value = job && issueToken({ ...job, audience })
    const body = value === undefined ? { message: 'Bad credentials' } : { count: value.length, value }
    response.writeHead(value === undefined ? 401 : 200, { 'content-type': 'application/json' })
    response.end(JSON.stringify(body))
  }

  return {
    jwks: (): Jwks => jwks,
    issueToken,
    /**
     * Registers a job and returns what the runner passes to an action so that it can request ID
     * tokens.
     */
    openJob: (job: GithubJob, base: string): GithubRunner => {
      const requestToken = randomText(64)
      jobs.set(requestToken, job)
      return { requestToken, requestUrl: `${base}/oidc/idtoken/${randomUUID()}?api-version=2.0` }
    },
    serveToken,
  }
}

/** The immutable subject of a job: owner and repository with their ids, then the ref. */
export function githubSubject(job: GithubJob): string {
  const [owner = '', name = ''] = job.repository.split('/')
  const ref = job.ref ?? 'refs/heads/main'
  return `repo:${owner}@${numericId(owner)}/${name}@${numericId(job.repository)}:ref:${ref}`
}

/** Derives a stable substitute for GitHub's numeric ID. */
function numericId(name: string): string {
  return String(createHash('sha256').update(name).digest().readUInt32BE(0) % 900_000_000)
}
