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
  const { username, password } = request.token
  const access = { username, password, issuedByAcr: true, registry: request.registry }
  const domains: DomainCheck[] = []
  let answered: string | undefined
  for (const domain of domainsToAsk(byReach(request.token.domains, request.named))) {
    const login = await insist(
      () => verifyLogin(deps.send, { domain, ...access }, signal),
      ({ result }) => result === 'unreachable',
      // A domain of another network never responds, but another domain of the registry may.
      domains.length === 0 && request.token.domains.length === 1,
    )
    domains.push({ domain, login })
    if (login.result === 'unreachable') continue
    answered = domain
    break
  }
  if (answered === undefined) return { domains, answered, repositories: [] }
  const host = hostOf(answered)
  const repositories: RepositoryCheck[] = []
  const { concrete, unchecked } = chooseChecks(request.repositories, request.probe)
  for (const repository of concrete) {
    const pull = await askPull(repository)
    if (request.access === 'pull') repositories.push({ repository, pull })
    else {
      const push = await insist(
        () => queryPush(deps.send, { host, repository, ...access }, signal),
        ({ grant }) => grant === 'unknown',
      )
      repositories.push({ repository, pull, push })
    }
  }
  const all = { domains, answered, repositories: [...repositories, ...unchecked] }
  const outside = request.isLimited ? outsideOf(request.repositories) : undefined
  if (outside === undefined) return all
  const pull = await askPull(outside)
  return { ...all, outside: { repository: outside, pull } }

  function askPull(repository: string): Promise<PullVerdict> {
    return insist(
      () => queryPull(deps.send, { host, repository, reference: NO_TAG, ...access }, signal),
      ({ grant }) => grant === 'unknown',
    )
  }

  async function insist<Answer>(
    ask: () => Promise<Answer>,
    isUnclear: (answer: Answer) => boolean,
    repeats = true,
  ): Promise<Answer> {
    let answer = await ask()
    for (const pause of repeats ? PAUSES : []) {
      if (!isUnclear(answer)) break
      await deps.sleep(pause, signal)
      answer = await ask()
    }
    return answer
  }
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
