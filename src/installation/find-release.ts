import { NopassError, toNopassError } from '../errors.ts'
import { METADATA_ONLY_LIST } from '../kube/client.ts'
import { LABEL_INSTANCE, OUR_SELECTOR, releaseSelector } from '../kube/names.ts'
import type { Reader } from '../kube/read/reader.ts'
import { type KubeObject, keyOf, namespacedPath } from '../kube/types.ts'
import { shorten } from '../lib/text.ts'
import { printable } from '../printable.ts'
import { STATUS_KEY, type StatusObject } from './helper-status.ts'
import { type LoadedConfig, loadConfig } from './load-config.ts'
import { readReport } from './read-report.ts'
import { type Candidate, judgeCandidates, type ReleaseName } from './release-evidence.ts'

/**
 * The requested release. Each undefined part is discovered, or has the default of the chart's
 * examples.
 */
export interface ReleaseChoice {
  readonly namespace: string | undefined
  readonly release: string | undefined
}

const CONFIG_KEY = 'config.yaml'
/**
 * Helm sets this annotation on each object (https://helm.sh/docs/chart_best_practices/labels,
 * pkg/action/validate.go).
 */
const HELM_RELEASE = 'meta.helm.sh/release-name'
/**
 * The maximum length of a configuration, in characters. Anyone who may create ConfigMaps may create
 * one with our labels. The time to parse YAML can grow with the square of its size: a minute for
 * 900 kB. The chart renders about 2 kB; 64 KiB hold hundreds of registries and namespaces.
 */
const MAX_CONFIG = 64 * 1024
const DEFAULT_NAMESPACE = 'acr-nopass'
/**
 * The maximum number of releases in a message, because a tenant may create any number of
 * candidates.
 */
const MOST_NAMES = 10

/**
 * Returns the releases that ConfigMaps with our labels name, in all namespaces. Undefined if the
 * ConfigMaps are not readable.
 */
export async function listCandidates(reader: Reader): Promise<readonly Candidate[] | undefined> {
  const names = await listLabelled(reader, 'ConfigMaps of all namespaces', '/api/v1/configmaps')
  return names && judgeCandidates(reader, names)
}

/** Reads only metadata, because anyone may create large ConfigMaps. */
async function listLabelled(reader: Reader, what: string, path: string): Promise<readonly ReleaseName[] | undefined> {
  const options = { query: { labelSelector: OUR_SELECTOR }, accept: METADATA_ONLY_LIST, transform: nameOf }
  const named = (await reader.list(what, path, options))?.filter(({ name }) => name !== '')
  return named && [...new Map(named.map((one) => [keyOf(one), one])).values()]
}

/**
 * Finds the release that the choice means. Anyone may write our labels, so a release without a
 * given name must be proven. If the caller may not read that proof, a single unproven release is
 * accepted. A release that is named in full needs no proof. `chosen` is undefined if no release is
 * found.
 * @throws INPUT_MISSING if there are several releases and none was named
 */
export async function findRelease(reader: Reader, choice: ReleaseChoice) {
  const names =
    (await listLabelled(reader, 'ConfigMaps of all namespaces', '/api/v1/configmaps')) ??
    (await listLabelled(reader, ...configMapsOf(choice.namespace ?? DEFAULT_NAMESPACE))) ??
    []
  const isMeant = ({ namespace, name }: ReleaseName): boolean =>
    namespace === (choice.namespace ?? namespace) && name === (choice.release ?? name)
  // The named releases are judged separately. A user who may read the proof of only one release can
  // still name that release, whatever else has our labels.
  const fitting = await judgeCandidates(reader, names.filter(isMeant))
  const rest = await judgeCandidates(
    reader,
    names.filter((one) => !isMeant(one)),
  )
  const isNamed = choice.namespace !== undefined && choice.release !== undefined
  const proven = fitting.filter(({ evidence }) => evidence === 'proven')
  const unknown = fitting.filter(({ evidence }) => evidence === 'unknown')
  const possible = isNamed ? fitting : proven.length > 0 ? proven : unknown
  const [first, second] = possible
  if (second !== undefined) {
    throw new NopassError('INPUT_MISSING', `there are several releases: ${listNames(possible)}`, {
      hint: 'Name one with --namespace and --release.',
    })
  }
  const chosen: ReleaseFacts | undefined = first && (await readRelease(reader, first))
  return { chosen, others: [...fitting.filter((one) => one !== first), ...rest] }
}

/**
 * Records that it is unknown whether the chart installed a release, because the proof could not be
 * read.
 */
export function noteUnknown(reader: Reader, { evidence, why = '', ...name }: Candidate): void {
  if (evidence === 'unknown') reader.note(`Whether the chart installed release ${keyOf(name)}`, why)
}

/**
 * Asks the user to name a release, because nothing proves the releases that were found. Undefined
 * if none was found.
 */
export function askForName(others: readonly Candidate[]): string | undefined {
  const unproven = others.filter(({ evidence }) => evidence !== 'proven')
  if (unproven.length === 0) return undefined
  return `Not verified: ${listNames(unproven)}. If one of them is yours, name it with --namespace and --release.`
}

/** Lists the first few names, for a message. */
export function listNames(names: readonly ReleaseName[]): string {
  return shorten(
    names.map((name) => printable(keyOf(name))),
    MOST_NAMES,
  )
}

/**
 * Returns the release for a command that needs exactly one.
 * @throws RELEASE_NOT_FOUND, or INPUT_MISSING if there are several releases and none was named
 */
export async function requireRelease(reader: Reader, choice: ReleaseChoice): Promise<ReleaseFacts> {
  const { chosen, others } = await findRelease(reader, choice)
  if (chosen !== undefined) return chosen
  const [first] = reader.unread
  const why = first === undefined ? '' : ` (${first.why})`
  const hint = askForName(others)
  throw new NopassError('RELEASE_NOT_FOUND', `no release of acr-nopass was found${why}`, {
    ...(hint !== undefined && { hint }),
  })
}

/** Reads the configuration and the report of one release. */
export async function readRelease(reader: Reader, candidate: Candidate): Promise<ReleaseFacts> {
  return describe(candidate, await readObjects(reader, candidate))
}

/** Returns the text of a release's configuration; undefined if absent. */
export async function readConfigText(reader: Reader, name: ReleaseName): Promise<string | undefined> {
  const objects = await readObjects(reader, name)
  return objects.map(({ data }) => data?.[CONFIG_KEY]).find((text) => text !== undefined)
}

async function readObjects(reader: Reader, { namespace, name }: ReleaseName): Promise<readonly StatusObject[]> {
  const query = { labelSelector: releaseSelector(name) }
  return (await reader.list<StatusObject>(...configMapsOf(namespace), { query })) ?? []
}

const configMapsOf = (namespace: string): readonly [what: string, path: string] => [
  `ConfigMaps of namespace ${namespace}`,
  namespacedPath('/api/v1', namespace, 'configmaps'),
]

function nameOf({ metadata }: KubeObject): ReleaseName {
  return { namespace: metadata.namespace ?? '', name: metadata.labels?.[LABEL_INSTANCE] ?? '' }
}

export type ReleaseFacts = ReturnType<typeof describe>

/** Describes a release by its configuration and the helper's report. */
export function describe({ namespace, name, evidence, why }: Candidate, objects: readonly StatusObject[]) {
  const configObject = objects.find(({ data }) => data?.[CONFIG_KEY] !== undefined)
  const statusObject = objects.find(({ metadata, data }) => data?.[STATUS_KEY] !== undefined || isStatus(metadata.name))
  const { loaded, problem } = read(configObject?.data?.[CONFIG_KEY])
  const fallback = configObject?.metadata.name ?? statusObject?.metadata.name.replace(/-status$/, '') ?? ''
  const { status, unreadable } = statusObject ? readReport(statusObject) : { status: undefined, unreadable: [] }
  return {
    namespace,
    name,
    evidence,
    ...(why !== undefined && { why }),
    /** Prefix of the names of the release's objects. */
    fullname: loaded?.config.release.fullname ?? fallback,
    /**
     * The Helm release of the objects: the release of the umbrella chart, if our chart is a
     * dependency. Undefined if Helm did not create the objects.
     */
    helmRelease: configObject?.metadata.annotations?.[HELM_RELEASE],
    /** Undefined if absent or invalid; `configError` explains an invalid one. */
    config: loaded?.config,
    configHash: loaded?.hash,
    configError:
      problem ?? (configObject === undefined ? 'The ConfigMap with the configuration does not exist.' : undefined),
    /** Undefined if the helper has not reported yet, or its report cannot be read. */
    status,
    /** Places in the report that cannot be read: `registries[0].state`. */
    unreadableStatus: unreadable,
    hasStatusObject: statusObject !== undefined,
  }
}

const isStatus = (name: string): boolean => name.endsWith('-status')

function read(text: string | undefined): { readonly loaded?: LoadedConfig; readonly problem?: string } {
  if (text === undefined) return {}
  if (text.length > MAX_CONFIG) {
    return { problem: `It has ${text.length} characters, more than the ${MAX_CONFIG} that a configuration may have.` }
  }
  try {
    return { loaded: loadConfig(text) }
  } catch (error) {
    return { problem: `${toNopassError(error).message}.` }
  }
}
