import { findInstanceId } from '../../acr/token-session.ts'
import { getInstance, listInstanceEndpoint, listLinkedVpcs } from '../../alibaba/cr.ts'
import { NopassError } from '../../errors.ts'
import type { HelperConfig } from '../../values/generated/helper-config.ts'
import type { CloudReader } from './cloud-reader.ts'

type Registry = HelperConfig['registries'][number]

export type InstanceFacts = Awaited<ReturnType<typeof readInstance>>

/**
 * Reads an Enterprise instance. Searches the region in the values first, then the cluster's region.
 */
export async function readInstance(reader: CloudReader, registry: Registry, clusterRegion: string) {
  const what = `instance of registry ${registry.name}`
  const regions = [...new Set([registry.region ?? '', clusterRegion])].filter((one) => one !== '')
  const found = await findInstance(reader, registry, regions)
  const id = registry.instanceId ?? found?.instanceId ?? ''
  const target = found === null || id === '' ? undefined : reader.at('cr', found?.region ?? regions[0])
  const [endpoints, vpcs] = await Promise.all([
    target &&
      reader.attempt(`endpoints of the ${what}`, 'cr:ListInstanceEndpoint', () => listInstanceEndpoint(target, id)),
    target &&
      reader.attempt(`VPCs linked to the ${what}`, 'cr:GetInstanceVpcEndpoint', () => listLinkedVpcs(target, id)),
  ])
  return { instanceId: id, found, endpoints, vpcs }
}

/**
 * `null`: the instance exists neither in the values' region nor in the cluster's region. Undefined:
 * not readable.
 */
async function findInstance(reader: CloudReader, registry: Registry, regions: readonly string[]) {
  const { name, instanceId } = registry
  for (const [index, region] of regions.entries()) {
    const here = reader.at('cr', region)
    const action = instanceId ? 'cr:GetInstance' : 'cr:ListInstance or cr:GetInstance'
    const found = await reader.attempt(`instance of registry ${name}`, action, async () => {
      try {
        return await getInstance(here, instanceId || (await findInstanceId(here, { ...registry, region })))
      } catch (error) {
        if (error instanceof NopassError && /^(CLOUD|REGISTRY)_NOT_FOUND$/.test(error.code)) return null
        throw error
      }
    })
    if (found) return { ...found, region }
    // If the values' region is not readable, an absence in the other region proves nothing.
    if (found === undefined && index === 0) return undefined
  }
  return null
}
