import type { LiveToken } from './registry-state.ts'

/** Facts about a login that the Secret's content does not have; none of them is secret. */
export interface TokenNote {
  readonly name: string
  readonly fingerprint: string
  /** Missing in notes of earlier versions. */
  readonly shape?: string | undefined
  readonly issuedAt: number
  readonly expiresAt: number | null
  readonly refreshAt: number | null
  readonly domains: readonly string[]
}

/** The value of the annotation `acr-nopass.io/tokens`: a JSON list with one note per registry. */
export function encodeTokens(tokens: readonly LiveToken[]): string {
  const notes = tokens.map(({ name, fingerprint, shape, token, refreshAt }): TokenNote => {
    const { issuedAt, expiresAt, domains } = token
    return { name, fingerprint, shape, issuedAt, expiresAt, refreshAt, domains }
  })
  return JSON.stringify(notes)
}

/** The valid notes of the annotation. */
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
  // A time that a Date cannot represent would break the next annotation.
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
