import type { Cursor } from '../cursor.ts'
import { includesRepository } from '../repositories.ts'
import type { ValuesError } from '../values-error.ts'
import { targetsOf, targetsOverlap } from './check-domains.ts'
import { comparedEntries, familyOf, isLimited, repositoriesOf } from './registry-entry.ts'

/**
 * Finds entries with `limit: repositories` for which no credential can be limited, and entries of
 * one instance that contradict each other. chart/templates/_limits.tpl has the same checks, except
 * for namespaces that two entries share.
 */
export function checkLimits(values: Cursor): ValuesError[] {
  const registries = values.at('registries').items
  const compared = comparedEntries(values)
  return [
    ...registries.flatMap((registry) => limitErrors(registry, values.at('identity', 'type'))),
    ...registries.flatMap(probeErrors),
    ...compared.flatMap((registry) => differentKeys(registry, compared)),
    ...compared.flatMap((registry, index) => mixedEntries(values, registry, compared.slice(0, index))),
  ]
}

/** The role that a fix names. The account is unknown offline. */
const ROLE_TO_ADD = '`assumeRole: [{ roleArn: "acs:ram::<account>:role/acr-nopass-pull" }]`'

function limitErrors(registry: Cursor, identity: Cursor): ValuesError[] {
  const [limit, edition] = [registry.at('limit'), registry.at('edition').text]
  if (!isLimited(registry)) return []
  const what = `\`${limit.name}\` is \`repositories\``
  if (edition === 'static' || edition === 'personal') {
    const why = edition === 'static' ? 'a fixed login cannot be limited' : 'the Personal Edition cannot be limited'
    const hint = 'Remove `limit`. Only a credential of `edition: enterprise` can be limited.'
    return [limit.error('VALUES_LIMIT', `${what}, but ${why}`, { hint })]
  }
  const type = identity.text
  if ((type !== 'worker-role' && type !== 'access-key') || registry.at('assumeRole').items.length > 0) return []
  const why = `with \`identity.type: ${type}\` and no \`assumeRole\` the helper requests no session that can be limited`
  const hint = `Add a role: ${ROLE_TO_ADD}. \`acr-nopass policy\` prints its policy and its trust policy.`
  return [limit.error('VALUES_LIMIT', `${what}, but ${why}`, { hint })]
}

function probeErrors(registry: Cursor): ValuesError[] {
  const probe = registry.at('probe')
  const { text } = probe
  if (text === undefined) return []
  if (!isLimited(registry)) {
    const message = `\`${probe.name}\` has no effect without \`limit: repositories\``
    const hint = 'Remove `probe`, or write `limit: repositories`.'
    return [probe.error('VALUES_NO_EFFECT', message, { at: probe.keyPosition, hint })]
  }
  if (includesRepository(repositoriesOf(registry), text)) return []
  const message = `\`${probe.name}\` is "${probe.shown}", which is none of the \`repositories\` of this entry`
  const hint = 'Write a repository that the list includes, or add it to the list.'
  return [probe.error('VALUES_PROBE', message, { hint })]
}

/** Keys that determine the one credential that limited entries of an instance share. */
const SHARED_KEYS = ['domains', 'network', 'apiNetwork', 'expiresInHours'] as const

/** Compares a limited entry with the first limited entry of its family, which may be itself. */
function differentKeys(registry: Cursor, registries: readonly Cursor[]): ValuesError[] {
  const family = familyOf(registry)
  const first = registries.find((other) => isLimited(other) && familyOf(other) === family)
  if (!isLimited(registry) || family === undefined || first === undefined) return []
  return SHARED_KEYS.flatMap((key) => {
    const [own, other] = [registry.at(key), first.at(key)]
    if (settingOf(own) === settingOf(other)) return []
    const both = `\`${own.name}\` and \`${other.name}\` (line ${other.position.line})`
    const message = `${both} differ, but limited entries of one instance share their credentials`
    const hint = `Write the same \`${key}\` in both entries.`
    return [own.error('VALUES_LIMIT_CONFLICT', message, { at: own.keyPosition, hint })]
  })
}

const DEFAULTS: Readonly<Record<string, unknown>> = { network: 'all', apiNetwork: 'auto', expiresInHours: null }

function settingOf(setting: Cursor): string {
  return JSON.stringify(setting.key === 'domains' ? setting.texts.toSorted() : (setting.value ?? DEFAULTS[setting.key]))
}

/**
 * Finds a limited and an unlimited entry of one instance and identity for the same namespaces. The
 * namespace would get the credential with all rights of the role.
 */
function mixedEntries(values: Cursor, registry: Cursor, earlier: readonly Cursor[]): ValuesError[] {
  const family = familyOf(registry)
  const rival = earlier.find(
    (other) =>
      family !== undefined &&
      familyOf(other) === family &&
      isLimited(other) !== isLimited(registry) &&
      targetsOverlap(targetsOf(values, other), targetsOf(values, registry)),
  )
  if (rival === undefined) return []
  const [limited, open] = isLimited(registry) ? [registry, rival] : [rival, registry]
  const both = `\`${registry.name}\` and \`${rival.name}\` (line ${rival.at('name').position.line})`
  const message = `${both} are for the same namespaces, and only \`${limited.name}\` is limited to its \`repositories\``
  const hint = `Write \`limit: repositories\` in \`${open.name}\` too; where both apply, their lists are united. Or give the two entries different target namespaces.`
  return [registry.error('VALUES_LIMIT_CONFLICT', message, { hint })]
}
