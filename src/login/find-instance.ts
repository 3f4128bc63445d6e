import { enterpriseDomains } from '../acr/registry-domains.ts'
import { listInstanceEndpoint, listInstances } from '../alibaba/cr.ts'
import type { AbortableTarget } from '../alibaba/transport/cloud-transport.ts'
import { hasCode, NopassError } from '../errors.ts'

/**
 * Returns the id of the Enterprise instance of the target's region that has this domain.
 * @throws REGISTRY_NOT_FOUND
 */
export async function findInstance(
  target: AbortableTarget,
  domain: string,
  likelyName: string | undefined,
): Promise<string> {
  const instances = await listInstances(target)
  const likelyFirst = instances.toSorted((a, b) => Number(b.name === likelyName) - Number(a.name === likelyName))
  const denied: string[] = []
  for (const { instanceId } of likelyFirst) {
    try {
      const own = enterpriseDomains(await listInstanceEndpoint(target, instanceId))
      if (own.some((one) => one.domain === domain)) return instanceId
    } catch (error) {
      // The caller may be allowed to read only its own instance.
      if (!hasCode(error, 'CLOUD_DENIED')) throw error
      denied.push(instanceId)
    }
  }
  const unread = denied.length === 0 ? '' : `; the domains of ${denied.join(', ')} cannot be read`
  throw new NopassError('REGISTRY_NOT_FOUND', `no instance of this region has the domain ${domain}${unread}`, {
    hint: 'Check `region` and the account. With the id of the instance as `registry`, no instance is looked up.',
  })
}
