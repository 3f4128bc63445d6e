import { existsSync, readFileSync } from 'node:fs'

/** One entry of the API server's audit log (audit.k8s.io/v1, level Metadata: without request and response bodies). */
export interface AuditEntry {
  readonly verb: string
  readonly requestURI: string
  readonly user: {
    readonly username?: string
    readonly groups?: readonly string[]
    /** For a bound token: the Pod that it is bound to. */
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
  /** Watches are logged when they start (`ResponseStarted`) and when they end, other requests only when they end. */
  readonly stage: 'ResponseStarted' | 'ResponseComplete' | 'Panic'
  readonly annotations?: Readonly<Record<string, string>>
}

export const AUDIT_POLICY: string = JSON.stringify({
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived'],
  rules: [{ level: 'Metadata' }],
})

/** Reads all entries so far, oldest first. The server writes an entry before it responds. */
export function readAuditLog(file: string): AuditEntry[] {
  if (!existsSync(file)) return []
  const text = readFileSync(file, 'utf8')
  const lines = text.slice(0, text.lastIndexOf('\n') + 1).split('\n')
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as AuditEntry)
}
