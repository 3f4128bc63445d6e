import { readDockerConfig } from '../../src/acr/docker-config.ts'
import { FIELD_MANAGER, SKIP } from '../../src/kube/names.ts'
import { type HelperStatus, STATUS_KEY } from '../../src/release/helper-status.ts'
import type { HelperConfig } from '../../src/values/helper-config.generated.ts'
import { domainOf, type Issued, instanceOf, type SimulatedCloud } from './cloud.ts'
import type { AnyObject } from './fields.ts'
import { isOurs, listOf } from './invariants.ts'
import type { SimulatedServer } from './server.ts'
import { HOME, type Known, SECRET, STATUS } from './settings.ts'
import { START } from './time.ts'

export interface FinalState {
  readonly server: SimulatedServer
  readonly cloud: SimulatedCloud
  /** The configuration that must be in force. */
  readonly known: Known
  readonly time: number
}

/** What is not as it should be when nothing went wrong for long; one line each. */
export function findUnfinished({ server, cloud, known, time }: FinalState): string[] {
  const { config, targets } = known
  const now = START + time
  const wrong: string[] = []
  const listed = new Set([...targets.listedNamespaces, HOME])
  for (const object of server.all('namespaces')) {
    const { name, labels = {}, deletionTimestamp } = object.metadata
    if (deletionTimestamp !== undefined || (config.scope === 'namespaces' && !listed.has(name))) continue
    const view = { name, uid: '', resourceVersion: '', labels, optedOut: labels[SKIP] === 'true', terminating: false }
    const registries = targets.registriesOf(view)
    const secret = server.get('secrets', `${name}/${SECRET}`)
    if (secret === undefined || isOurs(secret)) wrong.push(...secretProblems(name, registries, secret))
    const targeted = targets.includes(view)
    for (const account of server.all('serviceaccounts')) {
      if (account.metadata.namespace === name) wrong.push(...listProblems(account, targeted, secret))
    }
  }
  wrong.push(...statusProblems())
  return wrong

  function secretProblems(namespace: string, registries: readonly string[], secret: AnyObject | undefined): string[] {
    const content = contentOf(secret)
    if (registries.length === 0) {
      return content.size === 0 ? [] : [`${namespace}: not a target, and its Secret still has credentials`]
    }
    const problems = registries.flatMap((registry) => {
      const values = config.registries.find((one) => one.name === registry)
      if (values === undefined || !isReal(values)) return []
      const [domain = ''] = domainsOf(values)
      const password = content.get(domain)
      if (password === undefined) return [`${namespace}: no credential for ${registry}`]
      const issued = cloud.issued(password)
      if (issued === undefined) return [`${namespace}: a credential for ${registry} that nobody issued`]
      const left = issued.expiresAt === null ? 1 : issued.expiresAt - now
      if (left <= 0) return [`${namespace}: the credential ${password} expired ${Math.round(-left / 1000)} s ago`]
      if (issued.revoked && !isNeverAccepted(issued) && config.verify.enabled)
        return [`${namespace}: the credential ${password} is revoked`]
      const isCurrent = values.edition !== 'static' || cloud.staticLogin(registry).password === password
      return isCurrent ? [] : [`${namespace}: the login ${password} was replaced`]
    })
    return [...problems, ...domainProblems(namespace, registries, content)]
  }

  /** Entries under domains that the configuration no longer has, and those that it has now. */
  function domainProblems(
    namespace: string,
    registries: readonly string[],
    content: ReadonlyMap<string, string>,
  ): string[] {
    const all = config.registries.filter(({ name }) => registries.includes(name))
    if (content.size === 0 || !all.every(isReal)) return []
    const expected = new Set(all.flatMap(domainsOf))
    const odd = [...content.keys()].filter((domain) => !expected.has(domain))
    const missing = [...expected].filter((domain) => !content.has(domain))
    return [...odd.map((domain) => `still ${domain}`), ...missing.map((domain) => `not yet ${domain}`)].map(
      (text) => `${namespace}: ${text}`,
    )
  }

  function listProblems(account: AnyObject, targeted: boolean, secret: AnyObject | undefined): string[] {
    const { namespace, name, managedFields = [] } = account.metadata
    const attached = listOf(account).includes(SECRET)
    const owners = managedFields.filter(({ fieldsV1 }) => 'f:imagePullSecrets' in (fieldsV1 as object))
    const isForeign = (one: (typeof owners)[number]): boolean => one.manager !== FIELD_MANAGER
    if (targeted && targets.takesServiceAccount(name)) {
      const excused = owners.some((one) => isForeign(one) && one.operation === 'Apply') || (secret && !isOurs(secret))
      return attached || excused ? [] : [`${namespace}/${name}: not attached`]
    }
    // An entry that names no Secret of ours may be theirs (`mayBeOurs` in src/helper/plan/plan.ts).
    const excused = owners.some(isForeign) || secret === undefined || !isOurs(secret)
    return attached && !excused ? [`${namespace}/${name}: still attached`] : []
  }

  function statusProblems(): string[] {
    const text = (server.get('configmaps', `${HOME}/${STATUS}`)?.data as Record<string, string> | undefined)?.[
      STATUS_KEY
    ]
    if (text === undefined) return ['status: none was ever written']
    const status = JSON.parse(text) as HelperStatus
    const pending = status.namespaces.pending + (status.serviceAccounts?.pending ?? 0)
    return [
      ...(pending > 0 && config.registries.every(isReal) ? [`status: ${pending} pending`] : []),
      ...status.problems.flatMap(({ code, namespace }) =>
        code === 'NAMESPACE_UNREADABLE' ? [`${namespace}: still reported as unreadable`] : [],
      ),
      ...status.registries.flatMap(({ name, state }) => {
        const values = config.registries.find((one) => one.name === name)
        if (values === undefined) return [`status: registry ${name}, which is not configured`]
        const password = contentOf(server.get('secrets', `${HOME}/${SECRET}`)).get(domainsOf(values)[0] ?? '')
        const issued = password === undefined ? undefined : cloud.issued(password)
        const mayFail = issued && isNeverAccepted(issued)
        const isRight = state === 'live' || (mayFail && state === 'failing')
        return isReal(values) && !isRight ? [`status: registry ${name} is ${state}`] : []
      }),
    ]
  }
}

/**
 * Refused from its first login on: a wrong check and a revocation look alike, so it is used, reported, and replaced when it is due
 * (docs/en/decisions.md#last-good).
 */
function isNeverAccepted({ revoked, accepted }: Issued): boolean {
  return revoked && !accepted
}

/** Not one that a typo made. */
function isReal({ name, edition, instanceId }: HelperConfig['registries'][number]): boolean {
  return edition === 'static' || instanceId === instanceOf(name)
}

/** The registry's own first. */
function domainsOf({ name, edition, domains }: HelperConfig['registries'][number]): string[] {
  return [...new Set([edition === 'static' ? 'static.example.com' : domainOf(name), ...domains])]
}

function contentOf(secret: AnyObject | undefined): Map<string, string> {
  const text = (secret?.data as Record<string, string> | undefined)?.['.dockerconfigjson']
  if (text === undefined) return new Map()
  const logins = readDockerConfig(Buffer.from(text, 'base64').toString())
  return new Map(logins.flatMap(({ domains, password }) => domains.map((domain) => [domain, password])))
}
