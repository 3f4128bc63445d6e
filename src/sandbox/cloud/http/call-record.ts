/** The record of one call. It has no parameters, because they may be secret. */
export interface CallRecord {
  /** The cloud's time in milliseconds since 1970. */
  readonly at: number
  /** `Ram`, `Ims`, `Sts`, `CS`, `cr`, `imds`, or `registry` for the registry's token server. */
  readonly product: string
  readonly action: string
  /** The caller's ARN; `-` if not authenticated. */
  readonly principal: string
  /** HTTP status; 0 if the response was lost. */
  readonly status: number
  /** The vendor's error code, empty for a success, or `fault:<kind>` for an injected fault. */
  readonly code: string
  readonly requestId: string
  /** True for operations that change something. */
  readonly write: boolean
}
