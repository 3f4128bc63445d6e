import { type CrTarget, listInstances } from '../alibaba/cr.ts'
import { NopassError } from '../errors.ts'

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
  const names = here.map(({ name }) => name).sort()
  throw new NopassError('REGISTRY_NOT_FOUND', `no instance is named ${registry.instanceName} in ${registry.region}`, {
    hint: names.length > 0 ? `There are: ${names.join(', ')}.` : 'This account has no Enterprise instance there.',
  })
}
