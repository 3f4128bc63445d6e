import type { HelperConfig } from '../values/helper-config.generated.ts'
import type { HelperStatus } from './helper-status.ts'

export interface ReleaseName {
  readonly namespace: string
  readonly name: string
}

/** The release's objects by which the helper is told what to do and reports. */
export interface ReleaseFacts extends ReleaseName {
  /** Prefix of the names of the release's objects. */
  readonly fullname: string
  /** The Helm release that made the objects: of an umbrella chart, where ours is called by an alias in it. Undefined: not by Helm. */
  readonly helmRelease?: string | undefined
  /** Undefined: there is none, or it breaks its schema (then `configError`). */
  readonly config: HelperConfig | undefined
  readonly configHash: string | undefined
  readonly configError: string | undefined
  /** Undefined: the helper has not reported. */
  readonly status: HelperStatus | undefined
  /** The ConfigMap that it reports in is there. */
  readonly hasStatusObject: boolean
}
