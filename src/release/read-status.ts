import { ERROR_CODES } from '../error-codes.ts'
import type { ErrorCode } from '../errors.ts'
import type { KubeObject } from '../kube/types.ts'
import { printableData } from '../printable.ts'
import { type HelperStatus, STATUS_KEY, type StatusError } from './helper-status.ts'

export interface StatusObject extends KubeObject {
  readonly data?: Readonly<Record<string, string>>
}

/** The report of a helper that ran before, printable; undefined where there is none that we can read. */
export function readStatus(object: StatusObject): HelperStatus | undefined {
  try {
    const status = JSON.parse(object.data?.[STATUS_KEY] ?? '') as HelperStatus | null
    return Array.isArray(status?.registries) ? printableData(withFixes(status)) : undefined
  } catch {
    return undefined
  }
}

/** Helpers before 1.0.0 report no `fix`: the general one of the code takes its place. */
function withFixes(status: HelperStatus): HelperStatus {
  return {
    ...status,
    registries: status.registries.map(({ error, ...registry }) =>
      error === undefined ? registry : { ...registry, error: withFix(error) },
    ),
    problems: (status.problems ?? []).map(withFix),
  }
}

function withFix<T extends StatusError>(error: T): T {
  if (typeof error.fix === 'string') return error
  const isKnown = Object.hasOwn(ERROR_CODES, error.code)
  return { ...error, fix: isKnown ? ERROR_CODES[error.code as ErrorCode].fix : 'Upgrade acr-nopass.' }
}
