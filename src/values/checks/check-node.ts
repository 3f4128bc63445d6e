import type { Cursor } from '../cursor.ts'
import type { ValuesError } from '../values-error.ts'
import { isLimited } from './registry-entry.ts'

/**
 * Finds entries whose `limit` or `targets` do not limit the role of a node, and keys of `node`
 * without effect. chart/templates/_node.tpl has the checks of the entries too.
 */
export function checkNode(values: Cursor): ValuesError[] {
  const node = values.at('node')
  return [
    ...unboundedErrors(values, node),
    ...withoutEffect(node),
    ...twiceErrors(node.at('serviceAccounts').items),
    ...withoutHelper(values),
  ]
}

/** Only a pull secret can hold a static login, and only the helper writes pull secrets. */
function withoutHelper(values: Cursor): ValuesError[] {
  const enabled = values.at('helper', 'enabled')
  if (enabled.value !== false) return []
  return values.at('registries').items.flatMap((registry) => {
    const edition = registry.at('edition')
    if (edition.value !== 'static') return []
    const message = `\`${edition.name}: static\` has no effect with \`helper.enabled: false\` (line ${enabled.position.line}): only a pull secret can hold a static login`
    const hint = 'Remove the entry, or `helper.enabled: false`.'
    return [edition.error('VALUES_NO_EFFECT', message, { hint })]
  })
}

function unboundedErrors(values: Cursor, node: Cursor): ValuesError[] {
  const key = [node.at('identity'), node.at('fallback')].find(({ value }) => value === 'worker-role')
  if (key === undefined || node.at('unbounded').value === true) return []
  return values.at('registries').items.flatMap((registry) => {
    const bounds = [
      ...(isLimited(registry) ? [registry.at('limit')] : []),
      ...(registry.at('targets', 'namespaces').members.length > 0 ? [registry.at('targets')] : []),
    ]
    const [bound] = bounds
    if (registry.at('edition').value === 'static' || bound === undefined) return []
    const message = `\`${bound.name}\` bounds nothing on a node with \`${key.name}: worker-role\` (line ${key.position.line}): every Pod of the node may pull what the role of the node may pull`
    const hint = 'Use `node.identity: service-account` without a fallback, or accept this with `node.unbounded: true`.'
    return [bound.error('VALUES_NODE_UNBOUNDED', message, { at: bound.keyPosition, hint })]
  })
}

/** Keys that only a ServiceAccount's role needs. */
function withoutEffect(node: Cursor): ValuesError[] {
  if (node.at('identity').value !== 'worker-role') return []
  const needless = [
    ...(node.at('fallback').value === 'worker-role' ? [node.at('fallback')] : []),
    ...node.at('serviceAccount').members.filter(({ isDefault, value }) => !isDefault && value !== false),
    ...(node.at('serviceAccounts').items.length > 0 ? [node.at('serviceAccounts')] : []),
  ]
  return needless.map((one) => {
    const message = `\`${one.name}\` has no effect with \`node.identity: worker-role\``
    const hint = `Remove \`${one.key}\`, or write \`identity: service-account\`.`
    return one.error('VALUES_NO_EFFECT', message, { at: one.keyPosition, hint })
  })
}

function twiceErrors(accounts: readonly Cursor[]): ValuesError[] {
  const nameOf = (account: Cursor): string => `${account.at('namespace').text}/${account.at('name').text}`
  return accounts.flatMap((account, index) => {
    const first = accounts.slice(0, index).find((other) => nameOf(other) === nameOf(account))
    if (first === undefined) return []
    const message = `\`${account.name}\` and \`${first.name}\` (line ${first.position.line}) are the same ServiceAccount, which can have one role`
    return [account.collision(message, 'Remove one of the two.')]
  })
}
