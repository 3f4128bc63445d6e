/** Pixels: the width of a character of the font below, the height of a line, and the margin. */
const CHARACTER = 7.83
const LINE = 19
const MARGIN = 16

/** The colour of a line by its beginning. The first match counts. */
const COLORS: readonly (readonly [RegExp, string])[] = [
  [/^\s*\$ /, '#79c0ff'],
  [/^✔ /, '#7ee787'],
  [/^error /, '#ff7b72'],
  [/^ {2}(cause|fix): /, '#e3b341'],
  [/^ {2}/, '#8b949e'],
]
const PLAIN = '#c9d1d9'

/** Draws lines as an SVG of a dark terminal, which is readable on light and dark pages. */
export function drawTerminal(lines: readonly string[]): string {
  const width = Math.ceil(Math.max(...lines.map(({ length }) => length)) * CHARACTER) + 2 * MARGIN
  const height = lines.length * LINE + 2 * MARGIN
  const rows = lines.map((line, index) => {
    const color = COLORS.find(([start]) => start.test(line))?.[1] ?? PLAIN
    return `<text x="${MARGIN}" y="${MARGIN + index * LINE + 13}" fill="${color}">${escapeXml(line)}</text>`
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace" font-size="13">
<title>A run of the sandbox</title>
<rect width="100%" height="100%" rx="8" fill="#0d1117"/>
${rows.join('\n')}
</svg>
`
}

/** XML 1.0 allows no control characters, and a viewer draws several spaces as one. */
function escapeXml(text: string): string {
  return text
    .replace(/\p{Cc}/gu, '')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll(' ', '\u00a0')
}
