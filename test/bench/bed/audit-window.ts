import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs'
import type { AuditEntry } from '../../../src/sandbox/cluster/audit-log.ts'

/** What one user asked the API server from the opening of the window on, as its audit log has it. */
export interface AuditWindow {
  /** Requests but watches and the Lease, by `verb resource status`. */
  requests(): RequestCounts
  /** Watches that were opened. */
  watches(): number
}

export type RequestCounts = ReadonlyMap<string, number>

const WRITES = new Set(['create', 'update', 'patch', 'delete', 'deletecollection'])

/** Opens a window at the present end of the log. */
export function openAuditWindow(file: string, username: string): AuditWindow {
  const from = statSync(file).size
  const entries = (): AuditEntry[] => readFrom(file, from).filter(({ user }) => user.username === username)
  return {
    requests() {
      const counts = new Map<string, number>()
      for (const { verb, objectRef, responseStatus } of entries()) {
        if (verb === 'watch' || objectRef?.resource === 'leases') continue
        const key = `${verb} ${objectRef?.resource ?? 'nothing'} ${responseStatus?.code ?? 0}`
        counts.set(key, (counts.get(key) ?? 0) + 1)
      }
      return counts
    },
    watches: () => entries().filter(({ verb, stage }) => verb === 'watch' && stage === 'ResponseStarted').length,
  }
}

/** Requests about one of these resources; all without any. */
export function countRequests(counts: RequestCounts, ...resources: readonly string[]): number {
  return sum(counts, (_verb, resource) => resources.length === 0 || resources.includes(resource))
}

/** Of these the requests that change something. */
export function countWrites(counts: RequestCounts, ...resources: readonly string[]): number {
  return sum(counts, (verb, resource) => WRITES.has(verb) && (resources.length === 0 || resources.includes(resource)))
}

/** Such as `patch secrets 201: 1.00, patch serviceaccounts 200: 1.00` for each of `per`. */
export function describeRequests(counts: RequestCounts, per: number): string {
  const sorted = [...counts].sort(([, a], [, b]) => b - a)
  return sorted.map(([key, count]) => `${key}: ${per === 1 ? count : (count / per).toFixed(2)}`).join(', ') || 'none'
}

function sum(counts: RequestCounts, wanted: (verb: string, resource: string) => boolean): number {
  let total = 0
  for (const [key, count] of counts) {
    const [verb = '', resource = ''] = key.split(' ')
    if (wanted(verb, resource)) total += count
  }
  return total
}

/** Only what came since: the log of a long run is large. */
function readFrom(file: string, from: number): AuditEntry[] {
  const handle = openSync(file, 'r')
  try {
    const buffer = Buffer.alloc(fstatSync(handle).size - from)
    const length = readSync(handle, buffer, 0, buffer.length, from)
    const text = buffer.toString('utf8', 0, length)
    const lines = text.slice(0, text.lastIndexOf('\n') + 1).split('\n')
    return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as AuditEntry)
  } finally {
    closeSync(handle)
  }
}
