/** Formats rows of cells as a Markdown table; the first row is the header. */
export function toTable(rows: readonly (readonly string[])[]): string {
  const [head = [], ...body] = rows
  const lines = [head, head.map(() => '---'), ...body].map((cells) => `| ${cells.join(' | ')} |`)
  return `${lines.join('\n')}\n`
}

/** Parses the rows of cells of a Markdown table. */
export function fromTable(text: string): string[][] {
  const lines = text.trim().split('\n')
  return lines.filter((_line, index) => index !== 1).map((line) => line.slice(2, -2).split(' | '))
}
