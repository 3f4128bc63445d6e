import { NopassError } from '../errors.ts'
import { formatDuration } from '../lib/format-duration.ts'
import { isEveryRepository } from '../values/repositories.ts'
import type { LoginEvidence, RepositoryCheck } from './check-login.ts'
import type { OpenedRegistry } from './open-registry.ts'

/**
 * Decides whether a login may be stored, from what the registry showed. Returns what the user
 * should know.
 * @throws LOGIN_REFUSED, LOGIN_PULL_DENIED, LOGIN_PUSH_DENIED, LOGIN_UNVERIFIED
 */
export function judgeLogin(
  name: string,
  { domains, answered, repositories, outside }: LoginEvidence,
): readonly string[] {
  const asked = domains.map(({ domain, login }) => `${domain}: ${login.detail}`).join('; ')
  const last = domains.at(-1)?.login
  if (answered === undefined || last === undefined || last.result === 'skipped') {
    throw new NopassError('LOGIN_UNVERIFIED', `the login to ${name} could not be verified (${asked})`)
  }
  if (last.result === 'refused')
    throw new NopassError('LOGIN_REFUSED', `the registry refuses the login to ${name}: ${asked}`)
  return [
    ...domains.flatMap(({ domain, login }) =>
      login.result === 'unreachable' ? [`${domain}: not checked, because it gave no answer here: ${login.detail}`] : [],
    ),
    ...repositories.flatMap(judgeRepository),
    ...(outside === undefined ? [] : judgeOutside(name, outside)),
  ]
}

function judgeOutside(name: string, { repository, pull }: NonNullable<LoginEvidence['outside']>): readonly string[] {
  // A registry may also deny what does not exist, so a denial proves no limit, and nothing is said.
  if (pull.grant === 'denied') return []
  if (pull.grant === 'unknown') {
    return [`${name}: not checked whether the login is limited to \`repositories\`: ${pull.detail}`]
  }
  return [`${name}: the login is not limited to \`repositories\`, because the registry also lets it pull ${repository}`]
}

function judgeRepository({ repository, pull, push, why }: RepositoryCheck): readonly string[] {
  if (why !== undefined) return [`${repository}: not checked: ${why}`]
  if (push?.grant === 'denied' || push?.grant === 'absent') {
    const what = push.grant === 'absent' ? 'does not exist, and the registry does not create it' : 'may not be pushed'
    throw new NopassError('LOGIN_PUSH_DENIED', `${repository} ${what}: ${push.detail}`)
  }
  if (push?.grant === 'unknown') throw unverified(`a push to ${repository}`, push.detail)
  const notes = push?.uploadRemains
    ? [`${repository}: the registry did not let this login cancel the test upload, which is empty`]
    : []
  // Before its first push a repository does not exist, and a registry may deny what does not exist.
  if (push !== undefined && pull !== undefined && pull.grant !== 'granted') {
    return [...notes, `${repository}: pull is not verified, for example because nothing was pushed yet: ${pull.detail}`]
  }
  if (pull?.grant === 'denied') {
    throw new NopassError('LOGIN_PULL_DENIED', `${repository} may not be pulled: ${pull.detail}`)
  }
  if (pull?.grant === 'unknown') throw unverified(`a pull of ${repository}`, pull.detail)
  return notes
}

function unverified(what: string, detail: string): NopassError {
  return new NopassError('LOGIN_UNVERIFIED', `${what} could not be verified: ${detail}`)
}

/**
 * Returns notes about rights of a login that are not limited to the repositories. The user gets
 * them before anything is written.
 */
export function limitNotes({ chosen, policy }: OpenedRegistry): readonly string[] {
  const { name, edition } = chosen.config
  if (policy === undefined) {
    return [
      `${name}: the login has all rights of the access key, because only a session of a role can be limited; name a role with \`role-to-assume\``,
    ]
  }
  if (edition === 'personal') {
    // https://help.aliyun.com/document_detail/72334.html
    return [
      `${name}: the vendor does not document that the Personal Edition evaluates the policy of a session, so the login may have all rights of its role`,
    ]
  }
  if (chosen.repositories.some(isEveryRepository)) {
    return [`${name}: the login is for every repository that its role may use; \`repositories\` limits it`]
  }
  return []
}

/** @throws LOGIN_TOO_SHORT */
export function refuseShort(
  { chosen }: OpenedRegistry,
  expiresAt: number | null,
  { minLifeMs, now }: { readonly minLifeMs: number; readonly now: number },
): void {
  if (expiresAt === null || expiresAt - now >= minLifeMs) return
  const [left, wanted] = [formatDuration(expiresAt - now), formatDuration(minLifeMs)]
  throw new NopassError(
    'LOGIN_TOO_SHORT',
    `the token of ${chosen.config.name} lives ${left}, and min-life is ${wanted}`,
  )
}

/** The request takes a moment of the token's life. */
const TOLERANCE_MS = 60_000

/** Returns a note if the token lives shorter than the entry asks for. */
export function lifeNotes({ chosen }: OpenedRegistry, expiresAt: number | null, now: number): readonly string[] {
  const { name, expiresInHours: hours } = chosen.config
  if (!hours || expiresAt === null || expiresAt - now >= hours * 3_600_000 - TOLERANCE_MS) return []
  return [
    `${name}: the token lives ${formatDuration(expiresAt - now)}, although \`expires-in-hours\` asked for ${hours} h`,
  ]
}

/**
 * A Docker configuration holds one login per host.
 * @throws INPUT_CONFLICT
 */
export function refuseSharedDomains(
  logins: readonly { readonly name: string; readonly domains: readonly string[] }[],
): void {
  const owners = new Map<string, string>()
  for (const { name, domains } of logins) {
    for (const domain of domains) {
      const other = owners.get(domain)
      owners.set(domain, name)
      if (other === undefined) continue
      throw new NopassError('INPUT_CONFLICT', `${other} and ${name} share the domain ${domain}`, {
        hint: 'A Docker configuration holds one login per host. Log in to one of them with `registries`, or to each in a step of its own with `config: isolated`.',
      })
    }
  }
}
