import type { LiveToken } from './registry-state.ts'

/** What a Secret's content does not say of its logins; nothing of it is secret. */
export interface TokenNote {
  readonly name: string
  readonly fingerprint: string
  /** Not in notes of earlier versions. */
  readonly shape?: string | undefined
  readonly issuedAt: number
  readonly expiresAt: number | null
  readonly refreshAt: number | null
  readonly domains: readonly string[]
}

/** The value of the annotation `acr-nopass.io/tokens`: a JSON list, one note a registry. */
export function encodeTokens(tokens: readonly LiveToken[]): string {
  const notes = tokens.map(({ name, fingerprint, shape, token, refreshAt }): TokenNote => {
    const { issuedAt, expiresAt, domains } = token
    return { name, fingerprint, shape, issuedAt, expiresAt, refreshAt, domains }
  })
  return JSON.stringify(notes)
}

/** The notes; none of what is not as we write it. */
export function decodeTokens(text: string | undefined): readonly TokenNote[] {
  try {
    const notes: unknown = JSON.parse(text ?? '[]')
    return Array.isArray(notes) ? notes.filter(isNote) : []
  } catch {
    return []
  }
}

function isNote(value: unknown): value is TokenNote {
  const note = (value ?? {}) as Partial<Record<keyof TokenNote, unknown>>
  // What a Date can hold: anything else would break the next annotation that is written.
  const isMoment = (time: unknown): boolean => typeof time === 'number' && Math.abs(time) <= 8.64e15
  const isTime = (time: unknown): boolean => time === null || isMoment(time)
  return (
    typeof note.name === 'string' &&
    typeof note.fingerprint === 'string' &&
    (note.shape === undefined || typeof note.shape === 'string') &&
    isMoment(note.issuedAt) &&
    isTime(note.expiresAt) &&
    isTime(note.refreshAt) &&
    Array.isArray(note.domains) &&
    note.domains.every((domain) => typeof domain === 'string')
  )
}
