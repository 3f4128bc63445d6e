import { isCoveredBy, parseImage } from '../../acr/registry-domains.ts'
import { type NopassError, toNopassError } from '../../errors.ts'
import { type Candidate, chooseEntries } from './choose-entries.ts'
import { chooseIdentities, type PullIdentity } from './choose-identity.ts'
import { isRefusal, type UsableLogin } from './login-record.ts'
import { keyOf, type ObtainDeps, obtainLogin } from './obtain-login.ts'
import type { ImageRequest } from './provider-request.ts'
import type { ImageLogin } from './provider-response.ts'

/**
 * Returns the login for an image. Undefined if no entry claims the image, or if nobody may pull for
 * the Pod.
 * @throws NopassError if an entry claims the image, but there is no login
 */
export async function answerRequest(
  request: ImageRequest,
  deps: ObtainDeps,
  signal: AbortSignal,
): Promise<ImageLogin | undefined> {
  const { candidates, isOnlyList } = chooseEntries(deps.config.registries, request.image, request.account?.namespace)
  const { identities, problem } = chooseIdentities(deps.config, request)
  if (candidates.length === 0) return undefined
  let failure = problem
  for (const identity of identities) {
    const found = await tryEntries(candidates, identity, request.image, deps, signal)
    if ('login' in found) {
      const { username, password } = found.login
      const cacheKeyType = isOnlyList ? 'Registry' : 'Image'
      return { username, password, domain: found.domain, cacheKeyType, cacheSeconds: found.seconds }
    }
    // It is not a failure if an instance does not have the image's domain.
    failure ??= found.failure
    if (found.failure === undefined || !isRefusal(found.failure.code)) break
  }
  if (failure !== undefined) throw failure
  return undefined
}

type Tried = (UsableLogin & { readonly domain: string }) | { readonly failure: NopassError | undefined }

async function tryEntries(
  candidates: readonly Candidate[],
  identity: PullIdentity,
  image: string,
  deps: ObtainDeps,
  signal: AbortSignal,
): Promise<Tried> {
  const reference = parseImage(image)
  const domainOf = (domains: readonly string[]): string | undefined =>
    domains.filter((domain) => isCoveredBy(domain, reference)).toSorted((a, b) => b.length - a.length)[0]
  // An instance that had the domain is tried first, so that no other instance can delay the Pod.
  const known = candidates.map((candidate) => {
    const wanted = { ...candidate, identity }
    const domains = deps.store?.read(keyOf(wanted, deps.config))?.login?.domains
    return { wanted, rank: domains === undefined ? 1 : domainOf(domains) === undefined ? 2 : 0 }
  })
  let failure: NopassError | undefined
  for (const { wanted } of known.toSorted((a, b) => a.rank - b.rank)) {
    try {
      const usable = await obtainLogin(wanted, deps, signal)
      const domain = domainOf(usable.login.domains)
      if (domain !== undefined) return { ...usable, domain }
    } catch (error) {
      failure ??= toNopassError(error)
    }
  }
  return { failure }
}
