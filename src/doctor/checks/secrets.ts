import { itemsOf } from '../../installation/helper-status.ts'
import type { SecretView } from '../../installation/object-views.ts'
import { createTargets } from '../../installation/targets.ts'
import { ANNOTATION_EXPIRES_AT } from '../../kube/names.ts'
import { type ShellCommand, shell } from '../../lib/shell-command.ts'
import { pluralize, summarize } from '../../lib/text.ts'
import { isLimited } from '../../values/limited-entries.ts'
import type { Draft, FindingId, Found } from '../finding.ts'
import type { Observed } from '../observed.ts'
import { logsCommand } from './fix-commands.ts'

interface Rule extends Pick<Draft, 'severity' | 'health' | 'message' | 'cause' | 'fix'> {
  readonly command?: undefined | ((namespace: string, secretName: string) => ShellCommand | undefined)
}

const RULES: Readonly<Partial<Record<FindingId, Rule>>> = {
  SECRET_MISSING: {
    message: 'no pull secret',
    cause:
      'The helper has not written the Secret: the helper does not run, has no credential yet, or its write was refused.',
    fix: "See the findings about the helper and the registries; the helper's log names each refused write.",
  },
  SECRET_FOREIGN: {
    message: 'a Secret of that name belongs to another owner',
    cause: 'The Secret does not carry the labels of this release, so the helper does not change it.',
    fix: 'Find out who writes the Secret. Then choose another secretName, set adopt: true, or have the owner rename the Secret.',
    command: (namespace, name) =>
      shell`kubectl -n ${namespace} get secret ${name} -o jsonpath='{.metadata.labels}{"\\n"}{.metadata.managedFields[*].manager}{"\\n"}'`,
  },
  SECRET_CHANGED: {
    severity: 'warning',
    health: 'unknown',
    message: 'the pull secret was changed by another client',
    cause: `The managed fields of the Secret show that another writer owns a part of the content, or its annotation ${ANNOTATION_EXPIRES_AT} is missing or no time.`,
    fix: 'Find the writer; the helper restores its own content as soon as it can.',
    command: (namespace, name) =>
      shell`kubectl -n ${namespace} get secret ${name} -o jsonpath='{.metadata.managedFields[*].manager}'`,
  },
  SECRET_EXPIRED: {
    message: 'the pull secret holds an expired credential',
    cause: 'The credential was not refreshed in time.',
    fix: 'See the findings about the helper and the registries, then request a new credential.',
    command: () => shell`acr-nopass refresh`,
  },
  SECRET_INCOMPLETE: {
    severity: 'warning',
    health: 'unknown',
    message: 'the pull secret lacks a registry that targets its namespace',
    cause: 'There is no credential for that registry yet, or the targets were changed a moment ago.',
    fix: 'See the findings about the registries; run doctor again in half a minute.',
  },
}

/** SECRET_FOREIGN with `adopt: true`: nothing shows yet whether Pods can pull with this Secret. */
const NOT_ADOPTED: Rule = {
  severity: 'warning',
  health: 'unknown',
  message: 'the helper has not taken over the Secret of that name, although adopt is true',
  cause: 'The helper does not run, its write was refused, or the values were changed a moment ago.',
  fix: 'Run doctor again in half a minute. If the Secret is still not taken over, see the findings about the helper and find out who writes it.',
  command: RULES.SECRET_CHANGED?.command,
}

/** Reports namespaces that should have the current pull secret and lack it. */
export function secretFindings(observed: Observed): Found {
  const { release, namespaces, secrets, now } = observed
  const { config } = release ?? {}
  if (config === undefined || config.retire || !namespaces || !secrets) return []
  const targets = createTargets(config)
  // The helper's own namespace has the credentials of all entries that some namespace needs.
  const { status } = release ?? {}
  const unneeded = config.registries.filter((entry) => {
    return isLimited(entry) && status !== undefined && itemsOf(status, entry.name).length === 0
  })
  const isServed = (namespace: string) => (entry: string) =>
    namespace !== config.release.namespace || unneeded.every(({ name }) => name !== entry)
  const found = new Map<FindingId, string[]>()
  for (const namespace of namespaces) {
    const wanted = namespace.terminating ? [] : targets.registriesOf(namespace).filter(isServed(namespace.name))
    if (wanted.length === 0) continue
    const id = judgeSecretState(secrets.get(namespace.name), wanted, now)
    if (id !== undefined) found.set(id, [...(found.get(id) ?? []), namespace.name])
  }
  return [...found].flatMap(([id, names]) => {
    const rule = id === 'SECRET_FOREIGN' && config.adopt ? NOT_ADOPTED : RULES[id]
    if (rule === undefined) return []
    const [first = ''] = names
    const command = rule.command?.(first, config.secretName) ?? logsCommand(config.release)
    const { severity, health, cause, fix } = rule
    const subject = names.length === 1 ? `namespace ${first}` : pluralize(names.length, 'namespace')
    return [
      {
        id,
        severity,
        ...(health && { health }),
        subject,
        message: `${rule.message}: ${summarize(names)}`,
        cause,
        fix,
        command,
        objects: names,
      },
    ]
  })
}

function judgeSecretState(
  secret: SecretView | undefined,
  wanted: readonly string[],
  now: number,
): FindingId | undefined {
  if (secret === undefined) return 'SECRET_MISSING'
  if (!secret.ours) return 'SECRET_FOREIGN'
  if ((secret.expiresAt ?? Number.POSITIVE_INFINITY) <= now) return 'SECRET_EXPIRED'
  if (!secret.intact || secret.expiresAt === undefined) return 'SECRET_CHANGED'
  return wanted.every((name) => secret.registries.includes(name)) ? undefined : 'SECRET_INCOMPLETE'
}
