import { type ShellCommand, shell } from '../../lib/shell-command.ts'
import type { LegacyFacts } from './collect-facts.ts'
import type { OldSecret } from './legacy-facts.ts'
import { titleOf } from './workload.ts'

/** An old Secret that is left for the user to delete. */
export interface LeftSecret {
  /** `namespace/name`. */
  readonly secret: string
  /**
   * The objects that name the Secret, as far as they were read. A text may mean a Secret of another
   * namespace.
   */
  readonly namedBy: readonly string[]
  readonly expiry: string
  readonly command: ShellCommand | undefined
}

/**
 * The longest lifetime of a session, and therefore of a login that ACR issues for the session
 * (https://www.alibabacloud.com/help/en/ram/developer-reference/api-sts-2015-04-01-assumerole).
 */
const LONGEST_LIFE_MS = 12 * 3_600_000

export function describeLeft(facts: LegacyFacts): readonly LeftSecret[] {
  return facts.secrets.map((secret) => {
    const { namespace = 'default', name } = secret.metadata
    return {
      secret: `${namespace}/${name}`,
      namedBy: findNamers(facts, namespace, name),
      expiry: describeExpiry(secret),
      command: shell`kubectl -n ${namespace} delete secret ${name}`,
    }
  })
}

function findNamers({ accounts, workloads }: LegacyFacts, namespace: string, name: string): readonly string[] {
  const ofAccounts = accounts
    .filter(({ metadata, old, secrets }) => metadata.namespace === namespace && [...old, ...secrets].includes(name))
    .map(({ metadata }) => `ServiceAccount ${namespace}/${metadata.name}`)
  const ofWorkloads = workloads
    .filter(({ namespace: where, references, uses, mentions }) => {
      return mentions.includes(name) || (where === namespace && [...references, ...uses].includes(name))
    })
    .map(titleOf)
  return [...new Set([...ofAccounts, ...ofWorkloads])]
}

function describeExpiry({ logins, writtenAt }: OldSecret): string {
  if (logins === undefined) return 'when its logins expire is not known'
  if (logins.hosts.length === 0) return 'it holds no login'
  if (logins.isFixed) return 'it holds a login that does not expire'
  const time = Date.parse(writtenAt ?? '')
  if (Number.isNaN(time)) return 'when its logins expire is not known'
  const end = new Date(time + LONGEST_LIFE_MS).toISOString().replace(/\.\d+Z$/, 'Z')
  return `last written at ${writtenAt}, so its logins expire by ${end} at the latest`
}
