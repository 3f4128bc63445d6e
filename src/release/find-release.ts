import { NopassError, toNopassError } from '../errors.ts'
import { STATUS_KEY, type StatusObject } from './helper-status.ts'
import { type LoadedConfig, loadConfig } from './load-config.ts'
import { readReport } from './read-report.ts'
import type { Reader } from './reader.ts'

/** The requested release; what is undefined is discovered, or has the default of the chart's examples. */
export interface ReleaseChoice {
  readonly namespace: string | undefined
  readonly release: string | undefined
}

const CONFIG_KEY = 'config.yaml'
/** Set by Helm on each object (https://helm.sh/docs/chart_best_practices/labels, pkg/action/validate.go). */
const HELM_RELEASE = 'meta.helm.sh/release-name'
/**
 * Anyone who may create ConfigMaps may label one like ours, and parsing YAML can take time that grows with the square of its size:
 * a minute for 900 kB. The chart renders about 2 kB; 64 KiB hold hundreds of registries and namespaces.
 */
const MAX_CONFIG = 64 * 1024
const DEFAULT_NAMESPACE = 'acr-nopass'

/** Finds releases by the labels of their ConfigMaps, in all namespaces, or if that is denied in one. `chosen`: undefined if not found. */
export async function findRelease(reader: Reader, choice: ReleaseChoice) {
  const query = { labelSelector: 'app.kubernetes.io/name=acr-nopass' }
  const everywhere = await reader.list<StatusObject>('ConfigMaps of all namespaces', '/api/v1/configmaps', { query })
  const namespace = choice.namespace ?? DEFAULT_NAMESPACE
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/configmaps`
  const objects =
    everywhere ?? (await reader.list<StatusObject>(`ConfigMaps of namespace ${namespace}`, path, { query })) ?? []
  const names = [...new Set(objects.map((object) => keyOf(nameOf(object))))]
  const releases = names.map((key) => describe(objects.filter((object) => keyOf(nameOf(object)) === key)))
  const fitting = releases.filter(
    ({ namespace: where, name }) => where === (choice.namespace ?? where) && name === (choice.release ?? name),
  )
  const chosen: ReleaseFacts | undefined =
    fitting.find((release) => release.namespace === DEFAULT_NAMESPACE) ?? fitting[0]
  return { chosen, others: releases.filter((release) => release !== chosen) }
}

/**
 * The release for a command that needs exactly one.
 * @throws RELEASE_NOT_FOUND, or INPUT_MISSING when there are several and none was named
 */
export async function requireRelease(reader: Reader, choice: ReleaseChoice): Promise<ReleaseFacts> {
  const { chosen, others } = await findRelease(reader, choice)
  const isNamed = choice.namespace !== undefined && choice.release !== undefined
  if (chosen === undefined) {
    const [first] = reader.unread
    const why = first === undefined ? '' : ` (${first.why})`
    throw new NopassError('RELEASE_NOT_FOUND', `no release of acr-nopass was found${why}`)
  }
  if (isNamed || others.length === 0) return chosen
  const names = [chosen, ...others].map((release) => keyOf(release))
  throw new NopassError('INPUT_MISSING', `there are several releases: ${names.join(', ')}`, {
    hint: 'Name one with --namespace and --release.',
  })
}

function nameOf({ metadata }: StatusObject): ReleaseName {
  return { namespace: metadata.namespace ?? '', name: metadata.labels?.['app.kubernetes.io/instance'] ?? '' }
}

const keyOf = ({ namespace, name }: ReleaseName): string => `${namespace}/${name}`

export type ReleaseFacts = ReturnType<typeof describe>

/** A release's configuration and the helper's report. */
function describe(objects: readonly StatusObject[]) {
  const configObject = objects.find(({ data }) => data?.[CONFIG_KEY] !== undefined)
  const statusObject = objects.find(({ metadata, data }) => data?.[STATUS_KEY] !== undefined || isStatus(metadata.name))
  const { loaded, problem } = read(configObject?.data?.[CONFIG_KEY])
  const fallback = configObject?.metadata.name ?? statusObject?.metadata.name.replace(/-status$/, '') ?? ''
  const [first] = objects
  const { status, unreadable } = statusObject ? readReport(statusObject) : { status: undefined, unreadable: [] }
  return {
    ...(first === undefined ? { namespace: '', name: '' } : nameOf(first)),
    /** Prefix of the names of the release's objects. */
    fullname: loaded?.config.release.fullname ?? fallback,
    /** The Helm release of the objects, which is an umbrella chart's if ours is its dependency. Undefined: not created by Helm. */
    helmRelease: configObject?.metadata.annotations?.[HELM_RELEASE],
    /** Undefined: absent, or invalid (then `configError`). */
    config: loaded?.config,
    configHash: loaded?.hash,
    configError:
      problem ?? (configObject === undefined ? 'The ConfigMap with the configuration does not exist.' : undefined),
    /** Undefined: the helper has not reported yet, or its report cannot be read. */
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

export interface ReleaseName {
  readonly namespace: string
  readonly name: string
}
