import { isCoveredBy, parseImage } from '../../acr/registry-domains.ts'
import { type NopassError, toNopassError } from '../../errors.ts'
import { stableJson } from '../../lib/json.ts'
import { type Candidate, chooseEntries } from './choose-entries.ts'
import { chooseIdentities, type PullIdentity } from './choose-identity.ts'
import { isRefusal, type UsableLogin } from './login-record.ts'
import { keyOf, type ObtainDeps, obtainLogin } from './obtain-login.ts'
import type { ImageRequest } from './provider-request.ts'
import type { ImageLogin } from './provider-response.ts'

/** The kubelet asks again soon if the preferred identity failed, which may have more rights. */
const AFTER_FAILURE_SECONDS = 15

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
    const tried = await tryEntries(candidates, identity, request.image, deps, signal)
    failure ??= tried.failure
    if (tried.found !== undefined) {
      const { login, seconds, domain } = tried.found
      const { username, password } = login
      const cacheKeyType = isOnlyList ? 'Registry' : 'Image'
      const cacheSeconds = failure === undefined ? seconds : Math.min(seconds, AFTER_FAILURE_SECONDS)
      return { username, password, domain, cacheKeyType, cacheSeconds }
    }
    // Without a failure, no instance has the image's domain.
    if (tried.failure === undefined || !isRefusal(tried.failure.code)) break
  }
  if (failure !== undefined) throw failure
  return undefined
}

interface Tried {
  readonly found?: UsableLogin & { readonly domain: string }
  /** The first failure. An outage has precedence over a refusal of an identity. */
  readonly failure: NopassError | undefined
}

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
  const known = candidates.map((candidate) => {
    const wanted = { ...candidate, identity }
    const domains = deps.store?.read(keyOf(wanted, deps.config))?.login?.domains
    return { wanted, instance: instanceOf(wanted), isOwner: domains && domainOf(domains) !== undefined }
  })
  const owners = new Set(known.flatMap(({ instance, isOwner }) => (isOwner ? [instance] : [])))
  // A host belongs to one instance. Once it is known, no other instance can delay the Pod.
  const rank = ({ instance, isOwner }: (typeof known)[number]): number =>
    owners.has(instance) ? 0 : isOwner === undefined ? 1 : 2
  let failure: NopassError | undefined
  for (const { wanted } of known.toSorted((a, b) => rank(a) - rank(b))) {
    try {
      const usable = await obtainLogin(wanted, deps, signal)
      const domain = domainOf(usable.login.domains)
      if (domain !== undefined) return { found: { ...usable, domain }, failure }
    } catch (error) {
      const next = toNopassError(error)
      if (failure === undefined || (isRefusal(failure.code) && !isRefusal(next.code))) failure = next
    }
  }
  return { failure }
}

function instanceOf({ values }: Candidate): string {
  return stableJson([values.edition, values.instanceId, values.instanceName, values.region])
}
