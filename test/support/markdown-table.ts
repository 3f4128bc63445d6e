/** Rows of cells as a table in Markdown; the first one is the header. */
export function toTable(rows: readonly (readonly string[])[]): string {
  const [head = [], ...body] = rows
  const lines = [head, head.map(() => '---'), ...body].map((cells) => `| ${cells.join(' | ')} |`)
  return `${lines.join('\n')}\n`
}

/** The rows of cells of such a table. */
export function fromTable(text: string): string[][] {
  const lines = text.trim().split('\n')
  return lines.filter((_line, index) => index !== 1).map((line) => line.slice(2, -2).split(' | '))
}
