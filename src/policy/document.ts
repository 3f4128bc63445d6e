import { NopassError } from '../errors.ts'

/** A statement as RAM writes it; lists may be single strings. */
export interface Statement {
  readonly Effect: string
  readonly Action?: string | readonly string[]
  readonly Resource?: string | readonly string[]
  readonly [element: string]: unknown
}

/** A permission policy, or the trust policy of a role. */
export interface PolicyDocument {
  readonly Version: string
  readonly Statement: readonly Statement[]
}

/** RAM's limit for a custom policy's document, bytes (CreatePolicy). That of trust policies is documented nowhere: RAM decides. */
export const MAX_DOCUMENT = 6144

/** A document from RAM's JSON text. Throws POLICY_UNREADABLE. */
export function parseDocument(text: string, name: string): PolicyDocument {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    value = undefined
  }
  const { Version, Statement } = (value ?? {}) as { Version?: unknown; Statement?: unknown }
  const statements = Array.isArray(Statement) ? Statement : [Statement]
  const whole = statements.every((statement) => typeof statement === 'object' && statement !== null)
  if (!whole) throw new NopassError('POLICY_UNREADABLE', `the document of ${name} is not a RAM policy`)
  return { Version: typeof Version === 'string' ? Version : '1', Statement: statements as Statement[] }
}

/** Whether RAM takes a policy of this length. */
export function fitsPolicy(document: PolicyDocument): boolean {
  return Buffer.byteLength(JSON.stringify(document)) <= MAX_DOCUMENT
}

/** The JSON that is sent to RAM. Throws POLICY_TOO_LARGE. */
export function documentText(document: PolicyDocument, name: string): string {
  const text = JSON.stringify(document)
  const size = Buffer.byteLength(text)
  if (size <= MAX_DOCUMENT) return text
  throw new NopassError('POLICY_TOO_LARGE', `the document of ${name} has ${size} bytes; RAM accepts ${MAX_DOCUMENT}`)
}

/** A document of these statements. */
export function policyOf(statements: readonly Statement[]): PolicyDocument {
  return { Version: '1', Statement: statements }
}
