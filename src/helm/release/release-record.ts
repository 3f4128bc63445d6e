import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { NopassError } from '../../errors.ts'
import { isRecord, parseJson } from '../../lib/json.ts'
import { STEP_LABEL, type StepMark, TIMEOUT_LABEL } from '../helm-flags.ts'
import { type ManifestObject, parseHooks, parseManifest } from './manifest.ts'
import type { ReleaseStatus, Revision } from './release-state.ts'

/** Returns the label selector of a release's records (helm: pkg/storage/driver). */
export function recordSelector(release: string): string {
  return `owner=helm,name=${release}`
}

export function recordName(release: string, revision: number): string {
  return `sh.helm.release.v1.${release}.v${revision}`
}

/** A release record's metadata. It describes the whole revision except its content. */
interface RecordMetadata {
  readonly labels?: Readonly<Record<string, string>> | undefined
  readonly creationTimestamp?: string | undefined
  readonly managedFields?: readonly { readonly time?: string }[] | undefined
}

/**
 * Reads the revisions in the records' labels, oldest first. The API server's times are used: an
 * upgrade copies the labels `createdAt` and `modifiedAt` from the revision before it (helm:
 * `newSecretsObject` in pkg/storage/driver/secrets.go).
 */
export function readRevisions(records: readonly RecordMetadata[]): readonly Revision[] {
  return records
    .map(({ labels = {}, creationTimestamp = '', managedFields = [] }) => ({
      revision: Number(labels.version),
      updated: [creationTimestamp, ...managedFields.map(({ time = '' }) => time)].toSorted().at(-1) ?? '',
      status: (labels.status ?? 'unknown') as ReleaseStatus,
      step: readStep(labels),
    }))
    .filter(({ revision }) => revision > 0)
    .toSorted((a, b) => a.revision - b.revision)
}

function readStep(labels: Readonly<Record<string, string>>): StepMark | undefined {
  const { [STEP_LABEL]: id, [TIMEOUT_LABEL]: seconds } = labels
  return id === undefined ? undefined : { id, timeoutSeconds: Number(seconds ?? 0) }
}

/**
 * Reads the content of a revision from its record: helm's base64 of gzipped JSON.
 * @throws HELM_CHART if the record is not valid
 */
export async function readRecord(record: string): Promise<InstalledRelease> {
  const packed = Buffer.from(record, 'base64')
  const text = await promisify(gunzip)(packed, { maxOutputLength: RECORD_LIMIT }).catch((cause) => {
    throw new NopassError('HELM_CHART', "helm's record of the release cannot be read", { cause })
  })
  const problem = () => new NopassError('HELM_CHART', "helm's record of the release is not JSON")
  const release = parseJson(text.toString(), problem)
  const { chart, apply_method: method } = isRecord(release) ? release : {}
  const metadata = isRecord(chart) && isRecord(chart.metadata) ? chart.metadata : {}
  return { ...parseRelease(release), serverSide: method === 'ssa', subcharts: subchartsOf(metadata.dependencies) }
}

/** `Dependency` in pkg/chart/v2/dependency.go of helm. */
function subchartsOf(dependencies: unknown): readonly Subchart[] {
  return (Array.isArray(dependencies) ? dependencies : []).flatMap((one) =>
    isRecord(one) && typeof one.name === 'string'
      ? [{ name: one.name, key: typeof one.alias === 'string' && one.alias !== '' ? one.alias : one.name }]
      : [],
  )
}

export interface Subchart {
  readonly name: string
  /** The key of the subchart's values: its alias, else its name. */
  readonly key: string
}

/** Limits decompression, because some kilobytes could expand to gigabytes. */
const RECORD_LIMIT = 64 * 1024 * 1024

/** Reads helm's own JSON of a release: chart, the user's values, the manifest, the hooks. */
export function parseRelease(release: unknown): ReleaseContent {
  const { chart, config, manifest, hooks } = isRecord(release) ? release : {}
  const metadata = isRecord(chart) && isRecord(chart.metadata) ? chart.metadata : {}
  return {
    chart: `${metadata.name}-${metadata.version}`,
    values: isRecord(config) ? config : {},
    objects: parseManifest(typeof manifest === 'string' ? manifest : ''),
    hooks: parseHooks(
      (Array.isArray(hooks) ? hooks : []).map((hook) => (isRecord(hook) ? String(hook.manifest ?? '') : '')),
    ),
  }
}

/**
 * A current or planned release. It is kept only in memory, because the manifest may contain
 * Secrets.
 */
export interface ReleaseContent {
  /** Name and version: `name-version`. */
  readonly chart: string
  /** The user's values as helm merged them, without the chart's defaults. */
  readonly values: Readonly<Record<string, unknown>>
  readonly objects: readonly ManifestObject[]
  /** Helm's hooks, which are not part of the manifest. */
  readonly hooks: readonly ManifestObject[]
}

/** A revision that helm has recorded. */
export interface InstalledRelease extends ReleaseContent {
  /**
   * True if helm applied the revision on the server, which only Helm 4 does (helm: `ApplyMethod` in
   * pkg/release/v1/release.go).
   */
  readonly serverSide?: boolean
  readonly subcharts?: readonly Subchart[]
}
