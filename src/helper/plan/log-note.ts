/** A Secret's annotation `acr-nopass.io/log`: which credentials of the log the content has. */
export interface LogNote {
  /**
   * UID of the helper's own copy in which the numbers were assigned. Empty if no copy was known.
   */
  readonly log: string
  /**
   * The number of each credential, by registry name. `unlogged`: the credential was not in the log
   * when the content was written.
   */
  readonly numbers: ReadonlyMap<string, number | 'unlogged'>
}

const NO_LOG = '-'

export function formatNote(
  log: string,
  entries: readonly { readonly name: string; readonly number?: number | undefined }[],
) {
  const numbers = entries.map(({ name, number = 'unlogged' }) => `${name}=${number}`).sort()
  return `${log || NO_LOG} ${numbers.join(',')}`
}

/**
 * Parses a note; undefined if it is not valid. Do not trust the note: anyone who may write in the
 * namespace can change it.
 */
export function parseNote(text: string | undefined): LogNote | undefined {
  const [log, list, ...more] = (text ?? '').split(' ')
  if (log === undefined || log === '' || list === undefined || more.length > 0) return undefined
  const numbers = new Map<string, number | 'unlogged'>()
  for (const part of list.split(',')) {
    const [name = '', text = '', ...rest] = part.split('=')
    const number = text === 'unlogged' ? text : /^[1-9]\d{0,15}$/.test(text) ? Number(text) : Number.NaN
    const isValid = number === 'unlogged' || Number.isSafeInteger(number)
    if (name === '' || rest.length > 0 || !isValid) return undefined
    numbers.set(name, number)
  }
  return { log: log === NO_LOG ? '' : log, numbers }
}
