import { type ImageReference, isCoveredBy, parseImage } from '../../acr/registry-domains.ts'
import { createUnions, type Union } from '../../acr/unions.ts'
import type { ManifestObject } from '../../helm/release/manifest.ts'
import { entriesOf, type HelperStatus } from '../../installation/helper-status.ts'
import { loadConfig } from '../../installation/load-config.ts'
import { createTransforms, type NamespaceView } from '../../installation/object-views.ts'
import { readStatus } from '../../installation/release-watch.ts'
import { createTargets } from '../../installation/targets.ts'
import { unlessStatus } from '../../kube/api-error.ts'
import { type KubeCaller, METADATA_ONLY_LIST } from '../../kube/client.ts'
import type { KubeObject } from '../../kube/types.ts'
import { stableJson } from '../../lib/json.ts'
import { orElse } from '../../lib/or-else.ts'
import { printable } from '../../printable.ts'
import type { HelperConfig } from '../../values/generated/helper-config.ts'
import { familyOf, isLimited } from '../../values/limited-entries.ts'
import { includesRepository } from '../../values/repositories.ts'
import type { OpenCluster } from '../preflight/preflight-cluster.ts'
import { findConfig } from '../release/release-parts.ts'
import { listRunningImages, type RunningImage, readAll } from './running-images.ts'

/**
 * With more credentials in one cluster, requests for sessions and tokens may exceed the cloud's
 * rate limits.
 */
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
  const unions = unionsByNamespace(config, namespaces)
  const before = deployed && configOf(deployed.objects)
  const isChanged = before !== undefined && (before === 'unknown' || limitsText(before) !== limitsText(config))
  return [...countNotes(unions), ...(isChanged ? await imageNotes(release, config, unions) : [])]
}

function configOf(objects: readonly ManifestObject[]): HelperConfig | 'unknown' | undefined {
  const found = findConfig(objects)
  return found && orElse(() => loadConfig(found.text).config, 'unknown' as const)
}

/** The limited credentials of the namespaces that have some. */
type Unions = ReadonlyMap<string, readonly Union[]>

function unionsByNamespace(config: HelperConfig, namespaces: readonly NamespaceView[]): Unions {
  // The release's own namespace holds all credentials. Its Pods pull only with the credentials of
  // the entries that target it, as in any other namespace.
  const targets = createTargets({ ...config, release: { namespace: '' } })
  const unions = createUnions(config)
  const found = namespaces.map((namespace) => {
    const served = unions.of(targets.registriesOf(namespace))
    return [namespace.name, served.flatMap(({ union }) => union ?? [])] as const
  })
  return new Map(found.filter(([, own]) => own.length > 0))
}

/** Two configurations with the same text limit every namespace in the same way. */
function limitsText({ registries, targets }: HelperConfig): string {
  return stableJson(
    registries
      .filter(isLimited)
      .map((entry) => [familyOf(entry), entry.repositories, { ...targets.namespaces, ...entry.targets?.namespaces }]),
  )
}

function countNotes(unions: Unions): readonly string[] {
  const credentials = new Set([...unions.values()].flat().map(({ name }) => name))
  const count = `limits: ${counted(credentials.size, 'limited credential')} for ${counted(unions.size, 'namespace')}`
  if (credentials.size <= MANY) return [count]
  const fix = 'Give more namespaces the same lists, for example by one entry for several teams.'
  return [`${count}. More than ${MANY} may exceed the rate limits of STS and Container Registry. ${fix}`]
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

async function imageNotes(
  caller: OpenCluster['release'],
  config: HelperConfig,
  unions: Unions,
): Promise<readonly string[]> {
  const place = { namespace: config.release.namespace, statusConfigMap: config.release.status }
  const status = await unlessStatus(readStatus(caller, place), 403, 404)
  const domains = new Map([...unions.values()].flat().map((union) => [union, reportedDomains(status, union)]))
  const unknown = [...domains].flatMap(([union, known]) => (known.length === 0 ? membersOf(union) : []))
  const names = config.registries.map(({ name }) => name).filter((name) => unknown.includes(name))
  const unchecked =
    names.length === 0
      ? []
      : [`limits: images of ${names.join(', ')} not checked, because the helper has not reported the domains`]
  const images = await listRunningImages(caller, config, new Set(unions.keys()))
  if (images === undefined) {
    return [
      ...unchecked,
      'limits: images of running Pods not checked, because the deployer lacks the right to list Pods',
    ]
  }
  const limited = images.flatMap((one) => {
    const reference = parseImage(one.image)
    const isOwn = (union: Union): boolean | undefined =>
      domains.get(union)?.some((domain) => isCoveredBy(domain, reference))
    const own = unions.get(one.namespace)?.find(isOwn)
    return own === undefined ? [] : [{ ...one, reference, repositories: own.repositories }]
  })
  const outside = limited.filter(
    ({ repositories, reference }) => !includesRepository(repositories, reference.repository),
  )
  if (outside.length > 0) return [...unchecked, describeOutside(outside)]
  if (limited.length > 0) {
    const checked = distinct(limited).length
    return [...unchecked, `limits: the credentials can pull the images of running Pods (${checked} checked)`]
  }
  return unchecked.length > 0 ? unchecked : ['limits: no running Pod has an image of an instance with a limit']
}

/** Returns the names of all limited entries of the union's instance. */
function membersOf({ entries, others }: Union): readonly string[] {
  return [...entries, ...others.map(({ name }) => name)]
}

/**
 * Returns the domains of the union's instance. Empty if the deployed helper has not reported the
 * instance, because the instance's own domains are unknown then. The deployed helper may know the
 * instance by other entries.
 */
function reportedDomains(status: HelperStatus | undefined, union: Union): readonly string[] {
  const members = membersOf(union)
  const reported = (status?.registries ?? [])
    .filter((item) =>
      item.instanceId === undefined
        ? entriesOf(item).some((name) => members.includes(name))
        : item.instanceId === union.values.instanceId,
    )
    .flatMap(({ domains }) => domains)
  return reported.length === 0 ? [] : [...reported, ...union.values.domains]
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
