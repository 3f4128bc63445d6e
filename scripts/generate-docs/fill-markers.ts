/**
 * Writes each text between `<!-- name -->` and `<!-- /name -->`.
 * @throws Error when a pair of markers is missing
 */
export function fillMarkers(page: string, texts: Readonly<Record<string, string>>): string {
  return Object.entries(texts).reduce((filled, [name, text]) => {
    const [open, close] = [`<!-- ${name} -->\n`, `<!-- /${name} -->`]
    const [from, to] = [filled.indexOf(open), filled.indexOf(close)]
    if (from < 0 || to < from) throw new Error(`the page has no markers ${open.trim()} … ${close}`)
    return `${filled.slice(0, from + open.length)}${text.trimEnd()}\n${filled.slice(to)}`
  }, page)
}
