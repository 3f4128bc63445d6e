import type { ManifestObject } from './manifest.ts'

/** A release as it is or would be; kept in memory only, because the manifest may hold Secrets. */
export interface ReleaseContent {
  /** `name-version`. */
  readonly chart: string
  /** The user's values, merged by helm; without the chart's defaults. */
  readonly values: Readonly<Record<string, unknown>>
  readonly objects: readonly ManifestObject[]
  /** What helm runs before, after or beside the objects: part of the release, but not of its manifest. */
  readonly hooks: readonly ManifestObject[]
}
