/** Quotes a text as one word of a shell, for printed commands with values of a cluster or the cloud. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}
