import { type AnyObject, LEGACY_DEPLOYMENTS, LEGACY_HELPER, LEGACY_NAMESPACE, LEGACY_SERVICES } from './legacy-facts.ts'
import { field, groupOf, list } from './workload.ts'

/** Whether the add-on's Service is called by all webhooks of a configuration, by some, or by none. */
export function webhooksOfHelper(object: AnyObject): 'all' | 'some' | 'none' {
  const webhooks = list(object, 'webhooks')
  const helpers = webhooks.filter((webhook) => {
    const { namespace, name } = field(field(webhook, 'clientConfig'), 'service')
    return namespace === LEGACY_NAMESPACE && LEGACY_SERVICES.includes(String(name))
  })
  if (helpers.length === 0) return 'none'
  return helpers.length === webhooks.length ? 'all' : 'some'
}

/** Whether it is the Deployment or the ServiceAccount of Alibaba's helper, a binding of that, or a configuration with its webhooks. */
export function isPartOfHelper(object: AnyObject): boolean {
  const { kind, metadata } = object
  if (kind === 'ClusterRoleBinding')
    return list(object, 'subjects').some((one) => one.kind === 'ServiceAccount' && one.name === LEGACY_HELPER)
  if (kind === 'MutatingWebhookConfiguration') return webhooksOfHelper(object) !== 'none'
  if (metadata.namespace !== LEGACY_NAMESPACE) return false
  const key = `${groupOf(object)} ${kind}`
  if (key === 'apps Deployment') return LEGACY_DEPLOYMENTS.includes(metadata.name)
  return key === ' ServiceAccount' && metadata.name === LEGACY_HELPER
}
