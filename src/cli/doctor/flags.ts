import type { Severity } from '../../doctor/finding.ts'
import type { ConnectFlags, ReleaseFlags } from '../program/connect-flags.ts'

export interface DoctorFlags extends ConnectFlags, ReleaseFlags {
  /** What makes the exit code 1: the mildest severity, or an error or anything that could not be read. */
  readonly failOn?: Severity | 'unread'
  /** Whether Alibaba Cloud is read too, with the user's own credentials. */
  readonly cloud?: 'auto' | 'off'
  readonly ackClusterId?: string
  readonly workerRole?: readonly string[]
  /** A YAML map, as the input of the action. */
  readonly endpoints?: string
}

export interface DoctorPodFlags extends DoctorFlags {
  readonly askRegistry?: boolean
}
