import { type PullVerdict, queryPull } from '../acr/query-manifest.ts'
import { type PushVerdict, queryPush } from '../acr/query-push.ts'
import { domainsToAsk, hostOf } from '../acr/registry-domains.ts'
import type { RegistryToken } from '../acr/registry-token.ts'
import { type LoginVerdict, verifyLogin } from '../acr/verify-login.ts'
import type { HttpSender } from '../alibaba/transport/http-sender.ts'
import type { RepositoryAccess } from '../policy/policy-document.ts'
import { includesRepository } from '../values/repositories.ts'

/** What the registry showed about one repository of the list. */
export interface RepositoryCheck {
  readonly repository: string
  /** Undefined: not checked, because of `why`. */
  readonly pull?: PullVerdict
  readonly push?: PushVerdict
  readonly why?: string
}

/** What one domain of the registry showed. */
export interface DomainCheck {
  readonly domain: string
  readonly login: LoginVerdict
}

/** What the registry itself showed about a login, before the login is stored. */
export interface LoginEvidence {
  /** The domains that were asked, in order. */
  readonly domains: readonly DomainCheck[]
  /** The domain that answered, at which the repositories were checked. */
  readonly answered: string | undefined
  readonly repositories: readonly RepositoryCheck[]
  /** A repository outside of the list, and whether the login may pull it. */
  readonly outside?: { readonly repository: string; readonly pull: PullVerdict }
}

export interface CheckRequest {
  readonly token: Pick<RegistryToken, 'username' | 'password' | 'domains'>
  /** The domain that the user named, which is asked first. */
  readonly named: string | undefined
  readonly repositories: readonly string[]
  /** An existing repository of the list, which is checked in place of globs. */
  readonly probe: string | undefined
  readonly access: RepositoryAccess
  /** True if the session has a policy with these repositories. */
  readonly isLimited: boolean
  /** `endpoints.registry`: called in place of every domain. */
  readonly registry: URL | undefined
}

export interface CheckDeps {
  readonly send: HttpSender
  /** Waits before a question is repeated. */
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<unknown>
}

/** A job that pushes names few repositories. The rest is reported as not checked. */
const MOST = 20
/** Pauses before a question without a clear answer is asked again (milliseconds). */
const PAUSES = [1000, 3000]
/** An invented tag: a registry that lets the login pull responds that the tag does not exist. */
const NO_TAG = 'acr-nopass-login-check'

/** Asks the registry about a login: the login itself, then each repository without `*`. */
export async function checkLogin(request: CheckRequest, deps: CheckDeps, signal: AbortSignal): Promise<LoginEvidence> {
  const { repositories, probe, isLimited } = request
  const domains = await insist(
    () => askDomains(request, deps, signal),
    (asked) => asked.at(-1)?.login.result === 'unreachable',
    { deps, signal },
  )
  const last = domains.at(-1)
  if (last === undefined || last.login.result === 'unreachable')
    return { domains, answered: undefined, repositories: [] }
  const { domain: answered } = last
  if (last.login.result !== 'accepted') return { domains, answered, repositories: [] }
  const checks: RepositoryCheck[] = []
  const { concrete, unchecked } = chooseChecks(repositories, probe)
  for (const repository of concrete) checks.push(await checkRepository(repository, answered, request, { deps, signal }))
  const all = { domains, answered, repositories: [...checks, ...unchecked] }
  const outside = isLimited ? outsideOf(repositories) : undefined
  if (outside === undefined) return all
  const pull = await askPull(outside, answered, request, { deps, signal })
  return { ...all, outside: { repository: outside, pull } }
}

/** Asks one domain after the other, until one responds. */
async function askDomains(
  request: CheckRequest,
  { send }: CheckDeps,
  signal: AbortSignal,
): Promise<readonly DomainCheck[]> {
  const asked: DomainCheck[] = []
  for (const domain of domainsToAsk(byReach(request.token.domains, request.named))) {
    const login = await verifyLogin(send, { domain, ...accessOf(request) }, signal)
    asked.push({ domain, login })
    // A domain of another network never responds, but another domain of the registry may.
    if (login.result !== 'unreachable') break
  }
  return asked
}

async function checkRepository(
  repository: string,
  domain: string,
  request: CheckRequest,
  asking: Asking,
): Promise<RepositoryCheck> {
  const { deps, signal } = asking
  const pull = await askPull(repository, domain, request, asking)
  if (request.access === 'pull') return { repository, pull }
  const question = { host: hostOf(domain), repository, ...accessOf(request) }
  const push = await insist(() => queryPush(deps.send, question, signal), isUnclear, asking)
  return { repository, pull, push }
}

function askPull(repository: string, domain: string, request: CheckRequest, asking: Asking): Promise<PullVerdict> {
  const { deps, signal } = asking
  const question = { host: hostOf(domain), repository, reference: NO_TAG, ...accessOf(request) }
  return insist(() => queryPull(deps.send, question, signal), isUnclear, asking)
}

function isUnclear({ grant }: PullVerdict | PushVerdict): boolean {
  return grant === 'unknown'
}

function accessOf({ token: { username, password }, registry }: CheckRequest) {
  return { username, password, issuedByAcr: true, registry }
}

interface Asking {
  readonly deps: CheckDeps
  readonly signal: AbortSignal
}

/** Asks up to three times, until the answer is clear. */
async function insist<Answer>(
  ask: () => Promise<Answer>,
  isOpen: (answer: Answer) => boolean,
  { deps, signal }: Asking,
): Promise<Answer> {
  let answer = await ask()
  for (const pause of PAUSES) {
    if (!isOpen(answer)) break
    await deps.sleep(pause, signal)
    answer = await ask()
  }
  return answer
}

/** Most runners are outside of the VPC, where its domains cost a timeout. */
function byReach(domains: readonly string[], named: string | undefined): readonly string[] {
  const rank = (domain: string): number => {
    const host = hostOf(domain)
    if (host === named) return 0
    return /-(vpc|internal)\./.test(host) ? 2 : 1
  }
  return domains.toSorted((a, b) => rank(a) - rank(b))
}

/** Only a repository without `*` can be checked. The probe stands for globs. */
export function chooseChecks(
  list: readonly string[],
  probe: string | undefined,
): { readonly concrete: readonly string[]; readonly unchecked: readonly RepositoryCheck[] } {
  const named = list.filter((one) => !one.includes('*'))
  const all = [...new Set([...named, ...(probe === undefined ? [] : [probe])])]
  const globs = list.filter((one) => one.includes('*'))
  return {
    concrete: all.slice(0, MOST),
    unchecked: [
      ...globs.map((repository) => ({ repository, why: 'only a repository without * can be checked' })),
      ...all.slice(MOST).map((repository) => ({ repository, why: `only the first ${MOST} are checked` })),
    ],
  }
}

/**
 * Returns an invented repository that the list does not include; undefined if it includes all. That
 * ACR evaluates the policy of a session at a pull is not proven on a live account.
 */
function outsideOf(list: readonly string[]): string | undefined {
  const [namespace = ''] = (list[0] ?? '').split('/')
  const candidates = [...(namespace.includes('*') ? [] : [`${namespace}/${NO_TAG}`]), `${NO_TAG}/${NO_TAG}`]
  return candidates.find((repository) => !includesRepository(list, repository))
}
