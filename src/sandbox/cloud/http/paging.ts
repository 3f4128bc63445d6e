import { ApiError } from '../api-error.ts'
import type { Call } from '../operation.ts'

export interface ListPage<T> {
  readonly items: readonly T[]
  readonly IsTruncated: boolean
  readonly Marker?: string
}

/** RAM's paging: up to `MaxItems` items (1 to 1000, default 100) from an opaque `Marker`. */
export function markerPage<T>(call: Call, all: readonly T[]): ListPage<T> {
  const size = Number(call.get('MaxItems') ?? 100)
  const marker = call.get('Marker')
  const start = marker ? Number(Buffer.from(marker, 'base64').toString()) : 0
  if (!Number.isInteger(start) || start < 0 || start > all.length) {
    throw new ApiError(400, 'InvalidParameter.Marker', 'The parameter Marker is invalid.')
  }
  const end = start + size
  const items = all.slice(start, end)
  if (end >= all.length) return { items, IsTruncated: false }
  return { items, IsTruncated: true, Marker: Buffer.from(String(end)).toString('base64') }
}

/** CR's and CS's paging: pages numbered from 1. */
export function numberedPage<T>(all: readonly T[], number: number, size: number): readonly T[] {
  return all.slice((number - 1) * size, number * size)
}
