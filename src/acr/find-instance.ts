import { type CrTarget, listInstances } from '../alibaba/cr.ts'
import { NopassError } from '../errors.ts'

const SHOWN = 20
/** ACR's own limit is 30 characters. */
const LONGEST_NAME = 64

/** The id of the Enterprise instance of that name. Throws REGISTRY_NOT_FOUND, which says the names there are. */
export async function findInstance(
  target: CrTarget,
  registry: { readonly instanceName?: string | undefined; readonly region?: string | undefined },
  signal?: AbortSignal,
): Promise<string> {
  const instances = await listInstances(target, signal)
  const here = instances.filter(({ region }) => !registry.region || !region || region === registry.region)
  const found = here.find(({ name }) => name === registry.instanceName)
  if (found) return found.instanceId
  const all = here.map(({ name }) => name.slice(0, LONGEST_NAME)).sort()
  const names = [...all.slice(0, SHOWN), ...(all.length > SHOWN ? [`${all.length - SHOWN} more`] : [])]
  throw new NopassError('REGISTRY_NOT_FOUND', `no instance is named ${registry.instanceName} in ${registry.region}`, {
    hint: names.length > 0 ? `There are: ${names.join(', ')}.` : 'This account has no Enterprise instance there.',
  })
}
