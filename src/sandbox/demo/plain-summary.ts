/** A job summary as a terminal can show it: the Markdown without its HTML folds and without empty lines in a row. */
export function plainSummary(markdown: string): string {
  return markdown
    .replace(/<summary>(.*?)<\/summary>/g, '$1')
    .replace(/<\/?details>/g, '')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')
    .replace(/\n{3,}/g, '\n\n')
    .trim()
}
