import { existsSync, readFileSync } from 'node:fs'
import type { Cluster } from '../../../sandbox/cluster/start-cluster.ts'

/**
 * One entry of the API server's audit log (audit.k8s.io/v1, level Metadata: without request and
 * response bodies).
 */
export interface AuditEntry {
  readonly verb: string
  readonly requestURI: string
  readonly user: {
    readonly username?: string
    readonly groups?: readonly string[]
    /** For a bound token: the token's Pod. */
    readonly extra?: Readonly<Record<string, readonly string[]>>
  }
  readonly userAgent?: string
  readonly objectRef?: {
    readonly resource?: string
    readonly namespace?: string
    readonly name?: string
    readonly subresource?: string
    readonly apiGroup?: string
  }
  readonly responseStatus?: { readonly code: number; readonly reason?: string; readonly message?: string }
  readonly requestReceivedTimestamp: string
  readonly stageTimestamp: string
  /**
   * Watches are logged when they start (`ResponseStarted`) and when they end, other requests only
   * when they end.
   */
  readonly stage: 'ResponseStarted' | 'ResponseComplete' | 'Panic'
  readonly annotations?: Readonly<Record<string, string>>
}

/** The entries of a cluster's audit log so far, oldest first. */
export function readAuditLog({ auditLogFile }: Pick<Cluster, 'auditLogFile'>): AuditEntry[] {
  if (!existsSync(auditLogFile)) return []
  const text = readFileSync(auditLogFile, 'utf8')
  const lines = text.slice(0, text.lastIndexOf('\n') + 1).split('\n')
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as AuditEntry)
}
