/** A text as a shell takes it for one word: what stands in a printed command may come from a cluster or a cloud. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}
