import { findInstanceId } from '../../acr/token-session.ts'
import { getInstance, listInstanceEndpoint, listLinkedVpcs } from '../../alibaba/cr.ts'
import type { CloudTarget } from '../../alibaba/transport/cloud-transport.ts'
import { NopassError } from '../../errors.ts'
import type { HelperConfig } from '../../values/helper-config.generated.ts'
import type { InstanceFacts } from './cloud-facts.ts'
import type { CloudReader } from './cloud-reader.ts'

type Registry = HelperConfig['registries'][number]

/** An Enterprise instance, searched in the values' region, then in the cluster's. */
export async function readInstance(
  crIn: (region: string) => CloudTarget,
  reader: CloudReader,
  registry: Registry,
  clusterRegion: string,
  signal: AbortSignal,
): Promise<InstanceFacts> {
  const { name, instanceId, region = '' } = registry
  const what = `instance of registry ${name}`
  const regions = [...new Set([region, clusterRegion])].filter((one) => one !== '')
  let found: InstanceFacts['found'] = null
  let target = crIn(region)
  for (const [index, where] of regions.entries()) {
    const here = crIn(where)
    const [action, read] = instanceId
      ? ['cr:GetInstance', () => getInstance(here, instanceId, signal)]
      : ['cr:ListInstance or cr:GetInstance', () => byName(here, { ...registry, region: where }, signal)]
    const response = await reader.attempt(what, String(action), () => orNull(read()))
    if (response === null) continue
    // Who may not read it there says nothing about the region of values.
    if (response === undefined && index > 0) continue
    found = response && { ...response, region: where }
    target = here
    break
  }
  const id = instanceId ?? found?.instanceId ?? ''
  if (found === null || id === '') return { instanceId: id, found, endpoints: undefined, vpcs: undefined }
  const [endpoints, vpcs] = await Promise.all([
    reader.attempt(`endpoints of the ${what}`, 'cr:ListInstanceEndpoint', () =>
      listInstanceEndpoint(target, id, signal),
    ),
    reader.attempt(`VPCs linked to the ${what}`, 'cr:GetInstanceVpcEndpoint', () => listLinkedVpcs(target, id, signal)),
  ])
  return { instanceId: id, found, endpoints, vpcs }
}

async function byName(target: CloudTarget, registry: Registry, signal: AbortSignal): ReturnType<typeof getInstance> {
  return getInstance(target, await findInstanceId(target, registry, signal), signal)
}

async function orNull<T>(work: Promise<T>): Promise<T | null> {
  try {
    return await work
  } catch (error) {
    const isAbsent = error instanceof NopassError && /^(CLOUD|REGISTRY)_NOT_FOUND$/.test(error.code)
    if (isAbsent) return null
    throw error
  }
}
