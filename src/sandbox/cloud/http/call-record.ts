/** One call, without parameters and so without secrets. */
export interface CallRecord {
  /** The cloud's time, ms since 1970. */
  readonly at: number
  /** `Ram`, `Ims`, `Sts`, `CS`, `cr`, `imds`, or `registry` for its token server. */
  readonly product: string
  readonly action: string
  /** The caller's ARN; `-` if not authenticated. */
  readonly principal: string
  /** HTTP status; 0 if the response was lost. */
  readonly status: number
  /** The vendor's error code; empty for a success; `fault:<kind>` for an injected fault. */
  readonly code: string
  readonly requestId: string
  /** True for operations that change something. */
  readonly write: boolean
}
