import { type ImageReference, isCoveredBy, parseImage } from '../../acr/registry-domains.ts'
import type { ManifestObject } from '../../helm/release/manifest.ts'
import { itemsOf } from '../../installation/helper-status.ts'
import { loadConfig } from '../../installation/load-config.ts'
import { createTransforms, type NamespaceView } from '../../installation/object-views.ts'
import { readStatus } from '../../installation/release-watch.ts'
import { createTargets } from '../../installation/targets.ts'
import { unlessStatus } from '../../kube/api-error.ts'
import { type KubeCaller, METADATA_ONLY_LIST } from '../../kube/client.ts'
import { listPages } from '../../kube/list-pages.ts'
import { type KubeObject, namespacedPath, type PodObject } from '../../kube/types.ts'
import { stableJson } from '../../lib/json.ts'
import { orElse } from '../../lib/or-else.ts'
import { printable } from '../../printable.ts'
import type { HelperConfig } from '../../values/generated/helper-config.ts'
import { familyOf, isLimited, limitedLists } from '../../values/limited-entries.ts'
import { includesRepository } from '../../values/repositories.ts'
import type { OpenCluster } from '../preflight/preflight-cluster.ts'
import { findConfig } from '../release/release-parts.ts'

/** More credentials in one cluster are many sessions and tokens for the cloud's limits of calls. */
const MANY = 50
/** Images that a note names. */
const SHOWN = 5

/**
 * Returns what an apply would mean for limited credentials in this cluster: how many there are, and
 * which images of running Pods they could not pull after a change of the limits. Only reads.
 */
export async function planLimits({
  desired,
  deployed,
  release,
}: Pick<OpenCluster, 'desired' | 'deployed' | 'release'>): Promise<readonly string[]> {
  const config = configOf(desired.objects)
  if (config === 'unknown') return ['limits: not checked, because the configuration is of another version']
  if (config === undefined || !config.registries.some(isLimited) || config.retire) return []
  const namespaces = await listNamespaces(release, config)
  if (namespaces === undefined) {
    return ['limits: not checked, because the deployer lacks the right to list Namespaces']
  }
  const lists = listsByNamespace(config, namespaces)
  const before = deployed && configOf(deployed.objects)
  const isChanged = before !== undefined && (before === 'unknown' || limitsText(before) !== limitsText(config))
  return [...countNotes(lists), ...(isChanged ? await imageNotes(release, config, lists) : [])]
}

function configOf(objects: readonly ManifestObject[]): HelperConfig | 'unknown' | undefined {
  const found = findConfig(objects)
  return found && orElse(() => loadConfig(found.text).config, 'unknown' as const)
}

/** The namespaces that have limited credentials: the lists by family. */
type Lists = ReadonlyMap<string, ReadonlyMap<string, readonly string[]>>

function listsByNamespace(config: HelperConfig, namespaces: readonly NamespaceView[]): Lists {
  // The release's own namespace holds all credentials, but pulls by those of its targets, as any
  // other namespace does.
  const targets = createTargets({ ...config, release: { namespace: '' } })
  const entries = new Map(config.registries.map((entry) => [entry.name, entry]))
  const found = namespaces.map((namespace) => {
    const chosen = targets.registriesOf(namespace).flatMap((name) => entries.get(name) ?? [])
    return [namespace.name, limitedLists(chosen)] as const
  })
  return new Map(found.filter(([, lists]) => lists.size > 0))
}

/** Two configurations with the same text limit every namespace in the same way. */
function limitsText({ registries, targets }: HelperConfig): string {
  return stableJson(
    registries
      .filter(isLimited)
      .map((entry) => [familyOf(entry), entry.repositories, { ...targets.namespaces, ...entry.targets?.namespaces }]),
  )
}

function countNotes(lists: Lists): readonly string[] {
  const credentials = new Set([...lists.values()].flatMap((families) => [...families].map((one) => stableJson(one))))
  const count = `limits: ${counted(credentials.size, 'limited credential')} for ${counted(lists.size, 'namespace')}`
  if (credentials.size <= MANY) return [count]
  const fix = 'Give more namespaces the same lists, for example by one entry for several teams.'
  return [`${count}. More than ${MANY} may reach the limits of calls to STS and Container Registry. ${fix}`]
}

const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`

async function listNamespaces(caller: KubeCaller, config: HelperConfig): Promise<readonly NamespaceView[] | undefined> {
  const { listedNamespaces, namespaceLabels } = createTargets(config)
  const { namespace: view } = createTransforms({ instance: '', secretLabels: {}, namespaceLabels, secretName: '' })
  // With `scope: namespaces` no label counts, and the deployer may be unable to list Namespaces.
  if (config.scope === 'namespaces') return listedNamespaces.map((name) => view({ metadata: { name } } as KubeObject))
  const call = { path: '/api/v1/namespaces', accept: METADATA_ONLY_LIST, pageSize: 500 }
  return readAll<KubeObject, NamespaceView>(caller, call, (object) => [view(object)])
}

/** Returns undefined if the caller may not list these objects. */
async function readAll<T, K>(
  { client, signal }: KubeCaller,
  call: Parameters<typeof listPages>[1],
  select: (object: T) => readonly K[],
): Promise<readonly K[] | undefined> {
  const read = async (): Promise<readonly K[]> => {
    const found: K[] = []
    for await (const { items } of listPages<T>(client, call, signal)) found.push(...(items ?? []).flatMap(select))
    return found
  }
  return unlessStatus(read(), 403)
}

interface RunningImage {
  readonly namespace: string
  readonly pod: string
  readonly image: string
}

async function imageNotes(
  caller: OpenCluster['release'],
  config: HelperConfig,
  lists: Lists,
): Promise<readonly string[]> {
  const domains = await readDomains(caller, config)
  const unknown = [...new Set([...lists.values()].flatMap((families) => [...families.keys()]))].filter(
    (family) => !domains.has(family),
  )
  const names = config.registries.filter((entry) => unknown.includes(familyOf(entry))).map(({ name }) => name)
  const unchecked =
    names.length === 0
      ? []
      : [`limits: images of ${names.join(', ')} not checked, because the helper has reported no domain for it`]
  const images = await listImages(caller, config, lists)
  if (images === undefined) {
    return [
      ...unchecked,
      'limits: images of running Pods not checked, because the deployer lacks the right to list Pods',
    ]
  }
  const limited = images.flatMap((one) => {
    const reference = parseImage(one.image)
    const families = [...(lists.get(one.namespace) ?? [])]
    const own = families.find(([family]) => domains.get(family)?.some((domain) => isCoveredBy(domain, reference)))
    return own === undefined ? [] : [{ ...one, reference, list: own[1] }]
  })
  const outside = limited.filter(({ list, reference }) => !includesRepository(list, reference.repository))
  if (outside.length > 0) return [...unchecked, describeOutside(outside)]
  if (limited.length > 0) {
    const checked = distinct(limited).length
    return [...unchecked, `limits: the credentials can pull the images of running Pods (${checked} checked)`]
  }
  return unchecked.length > 0 ? unchecked : ['limits: no running Pod has an image of an instance with a limit']
}

function describeOutside(outside: readonly (RunningImage & { readonly reference: ImageReference })[]): string {
  const all = distinct(outside)
  const shown = all
    .slice(0, SHOWN)
    .map(({ namespace, pod, reference }) => printable(`${reference.repository} (Pod ${namespace}/${pod})`))
  const more = all.length > SHOWN ? ` and ${all.length - SHOWN} more` : ''
  const fix = 'Add them to the `repositories` of an entry that targets their namespace.'
  return `limits: the credential will not pull these images of running Pods any more: ${shown.join(', ')}${more}. ${fix}`
}

/** Keeps one Pod for each repository of a namespace. */
function distinct<T extends RunningImage & { readonly reference: ImageReference }>(images: readonly T[]): readonly T[] {
  return [...new Map(images.map((one) => [`${one.namespace} ${one.reference.repository}`, one])).values()]
}

async function listImages(
  caller: KubeCaller,
  { scope }: HelperConfig,
  lists: Lists,
): Promise<readonly RunningImage[] | undefined> {
  const paths =
    scope === 'namespaces' ? [...lists.keys()].map((name) => namespacedPath('/api/v1', name, 'pods')) : ['/api/v1/pods']
  const query = { fieldSelector: 'status.phase!=Succeeded,status.phase!=Failed' }
  const found: RunningImage[] = []
  for (const path of paths) {
    const images = await readAll<PodObject, RunningImage>(caller, { path, query, pageSize: 100 }, (pod) => {
      const { namespace = '', name } = pod.metadata
      return lists.has(namespace) ? imagesOf(pod).map((image) => ({ namespace, pod: name, image })) : []
    })
    if (images === undefined) return undefined
    found.push(...images)
  }
  return found
}

function imagesOf({ spec }: PodObject): readonly string[] {
  const containers = [...(spec.initContainers ?? []), ...spec.containers, ...(spec.ephemeralContainers ?? [])]
  const volumes = (spec.volumes ?? []).map(({ image }) => image?.reference)
  return [...containers.map(({ image }) => image), ...volumes].flatMap((image) => image || [])
}

/**
 * Returns the domains of each instance that the deployed helper has reported. Without a report the
 * instance's own domains are unknown.
 */
async function readDomains(
  caller: KubeCaller,
  { release, registries }: HelperConfig,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const place = { namespace: release.namespace, statusConfigMap: release.status }
  const status = await unlessStatus(readStatus(caller, place), 403, 404)
  const found = new Map<string, readonly string[]>()
  for (const entry of registries) {
    // Without its own item, any credential of the same instance shows the instance's domains.
    const own = status === undefined ? [] : itemsOf(status, entry.name)
    const others = (status?.registries ?? []).filter(
      ({ instanceId }) => instanceId !== undefined && instanceId === entry.instanceId,
    )
    const items = [...own, ...others]
    const reported = items.flatMap(({ domains }) => domains)
    if (reported.length === 0) continue
    const family = familyOf(entry)
    found.set(family, [...new Set([...(found.get(family) ?? []), ...reported, ...entry.domains])])
  }
  return found
}
