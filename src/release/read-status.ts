import type { KubeObject } from '../kube/types.ts'
import { printableData } from '../printable.ts'
import { type HelperStatus, STATUS_KEY } from './helper-status.ts'

export interface StatusObject extends KubeObject {
  readonly data?: Readonly<Record<string, string>>
}

/** The report of a helper that ran before, printable; undefined where there is none that we can read. */
export function readStatus(object: StatusObject): HelperStatus | undefined {
  try {
    const status: unknown = JSON.parse(object.data?.[STATUS_KEY] ?? '')
    return Array.isArray((status as HelperStatus | null)?.registries)
      ? printableData(status as HelperStatus)
      : undefined
  } catch {
    return undefined
  }
}
