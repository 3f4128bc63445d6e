import { type PullVerdict, queryPull } from '../../acr/query-manifest.ts'
import { domainsToAsk, hostOf } from '../../acr/registry-domains.ts'
import type { RegistryToken } from '../../acr/registry-token.ts'
import type { Union } from '../../acr/unions.ts'
import type { HttpSender } from '../../alibaba/transport/http-sender.ts'
import { includesRepository, mergeRepositories } from '../../values/repositories.ts'
import type { RegistryEntry, Width } from './registry-state.ts'

/** A repository that the registry is asked about. */
export interface AskedRepository {
  readonly repository: string
  /** The values say that it exists. */
  readonly exists: boolean
}

/** The name of a repository, or a part of it, that does not exist. */
const INVENTED = 'acr-nopass-probe'

/**
 * Returns a repository of a list: a repository that exists, if one is known, else a name that the
 * list includes.
 */
export function repositoryOf({
  probe,
  repositories,
}: Partial<Pick<Union, 'probe'>> & Pick<Union, 'repositories'>): AskedRepository {
  if (probe !== undefined) return { repository: probe, exists: true }
  const [glob = ''] = repositories.toSorted((a, b) => Number(a.includes('*')) - Number(b.includes('*')))
  const name = glob === '*' ? '*/*' : glob
  return { repository: name.replaceAll('*', INVENTED), exists: false }
}

/** Asks a registry about repositories, with a login or anonymously. */
export type AskRegistry = (
  token: RegistryToken,
  question: { readonly repository: string; readonly anonymously?: boolean },
  signal: AbortSignal,
) => Promise<PullVerdict>

export function createAskRegistry(send: HttpSender, registry: URL | undefined): AskRegistry {
  return async ({ domains, username, password }, { repository, anonymously = false }, signal) => {
    const login = anonymously ? { username: '', password: '' } : { username, password }
    let verdict: PullVerdict = { grant: 'unknown', detail: 'the registry has no domain' }
    for (const domain of domainsToAsk(domains)) {
      const request = { host: hostOf(domain), repository, reference: INVENTED, ...login, issuedByAcr: true, registry }
      verdict = await queryPull(send, request, signal)
      if (verdict.grant !== 'unknown') return verdict
    }
    return verdict
  }
}

/**
 * Asks whether a new credential may pull the union's own list. Some registries may deny all names
 * that do not exist. An invented name is therefore only decisive if the credential in use may pull
 * it, and the new one may not.
 */
export function createMayPull(union: Union, ask: AskRegistry): NonNullable<RegistryEntry['mayPull']> {
  const { repository, exists } = repositoryOf(union)
  return async (token, inUse, signal) => {
    const own = await ask(token, { repository }, signal)
    const detail = `${repository}: ${own.detail}`
    if (own.grant === 'granted') return (await grantedToAll(ask, token, repository, signal)) ?? { ...own, detail }
    if (own.grant === 'unknown' || exists) return { ...own, detail }
    const before = inUse === undefined ? undefined : await ask(inUse, { repository }, signal)
    if (before?.grant === 'granted') return { ...own, detail }
    return { grant: 'unknown', detail: `${detail}; the repository may not exist, so set probe` }
  }
}

/**
 * Returns why a grant says nothing about the credential. Undefined if the registry denies the pull
 * without a login.
 */
async function grantedToAll(
  ask: AskRegistry,
  token: RegistryToken,
  repository: string,
  signal: AbortSignal,
): Promise<PullVerdict | undefined> {
  const { grant, detail } = await ask(token, { repository, anonymously: true }, signal)
  if (grant === 'denied') return undefined
  const isPublic = grant === 'granted'
  const why = isPublic ? 'everyone may pull it, so set probe to a private repository' : detail
  return { grant: 'unknown', detail: `${isPublic ? '' : 'without a login: '}${repository}: ${why}` }
}

/**
 * Asks whether a credential may pull a repository of another list. `turn` chooses that list. A
 * registry may deny all names that do not exist, so an invented name of the other list is compared
 * with an invented name of the credential's own list.
 */
export function createMeasure(union: Union, ask: AskRegistry): NonNullable<RegistryEntry['measure']> {
  const candidates = union.others.flatMap((other) => {
    const asked = repositoryOf({ ...other, repositories: mergeRepositories(other.repositories ?? []) })
    return includesRepository(union.repositories, asked.repository) ? [] : [{ entry: other.name, ...asked }]
  })
  return async (token, turn, signal) => {
    const other = candidates[turn % Math.max(1, candidates.length)]
    if (other === undefined) return unmeasured('no other limited entry of the instance names other repositories')
    const own = other.exists ? repositoryOf(union).repository : inventedIn(union)
    if (own === undefined) return unmeasured(`entry ${other.entry} has no probe, and this entry's own list has no glob`)
    const question = async (repository: string, anonymously = false) => {
      const { grant, detail } = await ask(token, { repository, anonymously }, signal)
      return { grant, reason: `${anonymously ? 'anonymously ' : ''}${repository}: ${detail}` }
    }
    const mine = await question(own)
    if (mine.grant !== 'granted') return unmeasured(mine.reason)
    const theirs = await question(other.repository)
    if (theirs.grant === 'denied') {
      const open = await grantedToAll(ask, token, own, signal)
      return open === undefined ? { width: 'limited', reason: theirs.reason } : unmeasured(open.detail)
    }
    if (theirs.grant === 'unknown') return unmeasured(theirs.reason)
    const public_ = await question(other.repository, true)
    if (public_.grant === 'denied') return { width: 'too-wide', reason: theirs.reason }
    return unmeasured(public_.reason)
  }
}

const unmeasured = (reason: string): Width => ({ width: 'not-checked', reason })

/** Returns a name of the list that certainly does not exist. */
function inventedIn({ repositories }: Union): string | undefined {
  const globs = repositories.filter((glob) => glob.includes('*'))
  return globs.length === 0 ? undefined : repositoryOf({ repositories: globs }).repository
}
