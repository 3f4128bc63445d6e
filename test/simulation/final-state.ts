import { readDockerConfig } from '../../src/acr/docker-config.ts'
import { type HelperStatus, STATUS_KEY } from '../../src/installation/helper-status.ts'
import { ANNOTATION_REFRESH_REQUESTED, FIELD_MANAGER, SKIP } from '../../src/kube/names.ts'
import type { HelperConfig } from '../../src/values/generated/helper-config.ts'
import { isLimited } from '../../src/values/limited-entries.ts'
import { mergeRepositories } from '../../src/values/repositories.ts'
import { domainOf, type Issued, instanceOf, isLost, limitedName, type SimulatedCloud } from './cloud.ts'
import type { AnyObject } from './fields.ts'
import { isManaged, listOf as referencesOf } from './invariants.ts'
import type { SimulatedServer } from './server.ts'
import { HOME, type LoadedConfig, SECRET, STATUS } from './settings.ts'
import { START } from './time.ts'

export interface FinalState {
  readonly server: SimulatedServer
  readonly cloud: SimulatedCloud
  /** The configuration that must be in effect. */
  readonly loaded: LoadedConfig
  readonly time: number
}

/**
 * Describes in one line each what is wrong, although nothing has been disturbed for a long time.
 */
export function findProblems({ server, cloud, loaded, time }: FinalState): string[] {
  const { config, targets } = loaded
  const now = START + time
  const problems: string[] = []
  const status = server.get('configmaps', `${HOME}/${STATUS}`)
  // By the API server's clock; a helper that starts later cannot know that this clock is behind.
  const requested = Date.parse(status?.metadata.annotations?.[ANNOTATION_REFRESH_REQUESTED] ?? '')
  const requestedAt = requested - Math.max(0, Date.parse(server.date()) - now)
  const listed = new Set([...targets.listedNamespaces, HOME])
  for (const object of server.all('namespaces')) {
    const { name, labels = {}, deletionTimestamp } = object.metadata
    if (deletionTimestamp !== undefined || (config.scope === 'namespaces' && !listed.has(name))) continue
    const view = { name, uid: '', resourceVersion: '', labels, optedOut: labels[SKIP] === 'true', terminating: false }
    const registries = targets.registriesOf(view)
    const secret = server.get('secrets', `${name}/${SECRET}`)
    if (secret === undefined || isManaged(secret) || config.adopt)
      problems.push(...secretProblems(name, registries, secret))
    if (config.attach === 'admission') continue
    const targeted = targets.includes(view)
    for (const account of server.all('serviceaccounts')) {
      if (account.metadata.namespace === name) problems.push(...listProblems(account, targeted, secret))
    }
  }
  problems.push(...statusProblems())
  return problems

  function secretProblems(namespace: string, registries: readonly string[], secret: AnyObject | undefined): string[] {
    const content = contentOf(secret)
    if (registries.length === 0) {
      return content.size === 0 ? [] : [`${namespace}: not a target, and its Secret still has credentials`]
    }
    const hasLostEntry = registries.some((registry) => {
      const values = config.registries.find((one) => one.name === registry)
      if (values === undefined || isValid(values)) return false
      const key = keyOf(namespace, values, registries)
      const logged = contentOf(server.get('secrets', `${HOME}/${SECRET}`)).get(key)
      return isLost(cloud.issued(content.get(key) ?? ''), cloud.issued(logged ?? ''))
    })
    const problems = registries.flatMap((registry) => {
      const values = config.registries.find((one) => one.name === registry)
      // With a typo in the registry that has the domain, its last credential stays there.
      if (values === undefined || !isValid(values) || !isValid(ownerOf(values, registries))) return []
      if (isLimited(values) && namespace === HOME) return []
      const password = content.get(keyOf(namespace, values, registries))
      if (password === undefined) return [`${namespace}: no credential for ${registry}`]
      const issued = cloud.issued(password)
      if (issued === undefined) return [`${namespace}: a credential for ${registry} that was never issued`]
      const left = issued.expiresAt === null ? 1 : issued.expiresAt - now
      const union = limitedName(listOf(registries))
      if (isLimited(values) && issued.registry !== union)
        return [`${namespace}: ${password} instead of a credential for ${union}`]
      if (left <= 0) return [`${namespace}: the credential ${password} expired ${Math.round(-left / 1000)} s ago`]
      if (issued.revoked && !isNeverAccepted(issued) && config.verify.enabled)
        return [`${namespace}: the credential ${password} is revoked`]
      if (issued.expiresAt !== null && issued.issuedAt < requestedAt - CLOCK_MS && !hasLostEntry)
        return [`${namespace}: the credential ${password} is older than the request for new ones`]
      const isCurrent = values.edition !== 'static' || cloud.staticLogin(registry).password === password
      return isCurrent ? [] : [`${namespace}: the login ${password} was replaced`]
    })
    return [...problems, ...domainProblems(namespace, registries, content)]
  }

  /** The list to which the credential of these registries is limited. */
  function listOf(registries: readonly string[]): readonly string[] {
    const entries = config.registries.filter((one) => isLimited(one) && registries.includes(one.name))
    return mergeRepositories(entries.flatMap(({ repositories = [] }) => repositories))
  }

  /**
   * Returns the key of a registry's login. In the log, a registry whose domain belongs to an
   * earlier registry has an artificial key.
   */
  function keyOf(namespace: string, values: HelperConfig['registries'][number], registries: readonly string[]): string {
    const [domain = ''] = domainsOf(values)
    const owner = ownerOf(values, registries)
    return namespace !== HOME || owner === values ? domain : `${values.name}.acr-nopass.invalid`
  }

  /** Returns the first registry with the same domain as this registry. */
  function ownerOf(
    values: HelperConfig['registries'][number],
    registries: readonly string[],
  ): HelperConfig['registries'][number] {
    const [domain] = domainsOf(values)
    const isOwner = (one: typeof values): boolean => registries.includes(one.name) && domainsOf(one)[0] === domain
    return config.registries.find(isOwner) ?? values
  }

  /**
   * Finds entries of domains that are no longer configured, and configured domains without an
   * entry.
   */
  function domainProblems(
    namespace: string,
    registries: readonly string[],
    content: ReadonlyMap<string, string>,
  ): string[] {
    const all = config.registries.filter(({ name }) => registries.includes(name))
    // The helper's own copy has the unions that some namespace needs.
    if (namespace === HOME && all.some(isLimited)) return []
    if (content.size === 0 || !all.every(isValid)) return []
    const expected = new Set([...all.flatMap(domainsOf), ...all.map((one) => keyOf(namespace, one, registries))])
    const obsolete = [...content.keys()].filter((domain) => !expected.has(domain))
    const missing = [...expected].filter((domain) => !content.has(domain))
    return [...obsolete.map((domain) => `still ${domain}`), ...missing.map((domain) => `not yet ${domain}`)].map(
      (text) => `${namespace}: ${text}`,
    )
  }

  function listProblems(account: AnyObject, targeted: boolean, secret: AnyObject | undefined): string[] {
    const { namespace, name, managedFields = [] } = account.metadata
    const attached = referencesOf(account).includes(SECRET)
    const owners = managedFields.filter(({ fieldsV1 }) => 'f:imagePullSecrets' in (fieldsV1 as object))
    const isForeign = (one: (typeof owners)[number]): boolean => one.manager !== FIELD_MANAGER
    if (targeted && targets.takesServiceAccount(name)) {
      const isLeft = secret && !isManaged(secret) && !config.adopt
      const excused = owners.some((one) => isForeign(one) && one.operation === 'Apply') || isLeft
      return attached || excused ? [] : [`${namespace}/${name}: not attached`]
    }
    // An entry may belong to another client if the Secret is not the helper's (`mayBeOurs` in
    // src/helper/plan/plan.ts).
    const excused = owners.some(isForeign) || secret === undefined || !isManaged(secret)
    return attached && !excused ? [`${namespace}/${name}: still attached`] : []
  }

  /** Whether the helper may still be writing credentials that it has just obtained. */
  function isRotating(): boolean {
    const names = config.registries.map(({ name }) => name)
    const own = contentOf(server.get('secrets', `${HOME}/${SECRET}`))
    return config.registries.some((values) => {
      const { expiresAt, issuedAt } = cloud.issued(own.get(keyOf(HOME, values, names)) ?? '') ?? { expiresAt: null }
      return expiresAt !== null && issuedAt > now - SETTLED_MS
    })
  }

  function statusProblems(): string[] {
    const text = (status?.data as Record<string, string> | undefined)?.[STATUS_KEY]
    if (text === undefined) return ['status: never written']
    const {
      namespaces,
      serviceAccounts,
      problems,
      registries,
      lastHandledRefresh = '',
    } = JSON.parse(text) as HelperStatus
    // After a restore of etcd an earlier request shows up again.
    const isHandled = Number.isNaN(requested) || Date.parse(lastHandledRefresh) >= requested
    const pending = namespaces.pending + (serviceAccounts?.pending ?? 0)
    return [
      ...(isHandled ? [] : ['status: the request for new credentials is not reported as handled']),
      ...(pending > 0 && config.registries.every(isValid) && !isRotating() ? [`status: ${pending} pending`] : []),
      ...problems.flatMap(({ code, namespace }) =>
        code === 'NAMESPACE_UNREADABLE' ? [`${namespace}: still reported as unreadable`] : [],
      ),
      ...registries.flatMap(({ name, state, limit }) => {
        if (limit !== undefined) return state === 'live' ? [] : [`status: ${name} is ${state}`]
        const values = config.registries.find((one) => one.name === name)
        if (values === undefined) return [`status: registry ${name}, which is not configured`]
        const password = contentOf(server.get('secrets', `${HOME}/${SECRET}`)).get(
          keyOf(
            HOME,
            values,
            config.registries.map((one) => one.name),
          ),
        )
        const issued = password === undefined ? undefined : cloud.issued(password)
        const mayFail = issued && isNeverAccepted(issued)
        const isRight = state === 'live' || (mayFail && state === 'failing')
        return isValid(values) && !isRight ? [`status: registry ${name} is ${state}`] : []
      }),
    ]
  }
}

/** How long after the last write of a rotation the status may be old: one report in 30 s. */
const SETTLED_MS = 60_000

/**
 * How far the helper's picture of the cloud's time may be off: `Date` headers have whole seconds.
 */
const CLOCK_MS = 3_000

/**
 * Whether all logins with a credential were rejected. A faulty login check and a revocation cannot
 * be told apart, so such a credential is used, reported, and replaced when it is due
 * (docs/en/decisions.md#last-good).
 */
function isNeverAccepted({ revoked, accepted }: Issued): boolean {
  return revoked && !accepted
}

/** Whether the registry has no typo. */
function isValid({ name, edition, instanceId }: HelperConfig['registries'][number]): boolean {
  return edition === 'static' || instanceId === instanceOf(name)
}

/** The domains of a registry, its own first. */
function domainsOf({ name, edition, domains }: HelperConfig['registries'][number]): string[] {
  return [...new Set([edition === 'static' ? 'static.example.com' : domainOf(name), ...domains])]
}

function contentOf(secret: AnyObject | undefined): Map<string, string> {
  const text = (secret?.data as Record<string, string> | undefined)?.['.dockerconfigjson']
  if (text === undefined) return new Map()
  const logins = readDockerConfig(Buffer.from(text, 'base64').toString())
  return new Map(logins.flatMap(({ domains, password }) => domains.map((domain) => [domain, password])))
}
