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
    ...daemonErrors(values, node),
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

/**
 * Finds what the program of the DaemonSet would refuse on each node. `acr-nopass node` refuses the
 * same (src/node/node-config.ts).
 */
function daemonErrors(values: Cursor, node: Cursor): ValuesError[] {
  const [enabled, remove] = [node.at('enabled'), node.at('remove')]
  if (enabled.value !== true) {
    if (remove.value !== true) return []
    const message = '`node.remove` has no effect without `node.enabled: true`: the DaemonSet removes the program'
    const hint = 'Keep `node.enabled: true` until every Pod of the DaemonSet is ready.'
    return [remove.error('VALUES_NO_EFFECT', message, { at: remove.keyPosition, hint })]
  }
  if (remove.value === true) return []
  const usable = values.at('registries').items.filter((registry) => registry.at('edition').value !== 'static')
  if (usable.length === 0) {
    const message = '`node.enabled` has no effect: a node can use no entry of `registries`'
    return [enabled.error('VALUES_NO_EFFECT', message, { at: enabled.keyPosition })]
  }
  const isServiceAccount = node.at('identity').value === 'service-account'
  const providers = [node.at('serviceAccount', 'oidcProviderArn'), values.at('identity', 'rrsa', 'oidcProviderArn')]
  const missing =
    isServiceAccount && providers.every(({ text }) => text === undefined)
      ? [
          enabled.error('NODE_PROVIDER_MISSING', "`node.identity: service-account` needs the cluster's OIDC provider", {
            at: enabled.keyPosition,
            hint: 'Set `node.serviceAccount.oidcProviderArn`, or write `node.identity: worker-role`.',
          }),
        ]
      : []
  if (node.at('unbounded').value === true) return missing
  const selecting = usable.flatMap((registry) => {
    const selector = registry.at('targets', 'namespaces', 'selector')
    if (selector.members.length === 0) return []
    const message = `\`${selector.name}\` needs labels of namespaces, which a node cannot read`
    const hint = 'List the namespaces in `include`, or accept every namespace with `node.unbounded: true`.'
    return [selector.error('VALUES_NODE_UNBOUNDED', message, { at: selector.keyPosition, hint })]
  })
  return [...missing, ...selecting]
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
