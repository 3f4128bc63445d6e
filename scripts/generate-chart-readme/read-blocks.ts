/**
 * A top-level key of values.yaml with the prose above it. Without a body, the key is commented out
 * because it has no default.
 */
export interface ValuesBlock {
  readonly key: string
  /** The comment lines, without `# `. */
  readonly prose: readonly string[]
  /** The key's own lines. */
  readonly body: readonly string[]
}

/**
 * Returns the blocks of values.yaml in order. Blank lines separate blocks, and the head of the file
 * is omitted.
 */
export function readBlocks(text: string): ValuesBlock[] {
  const [, ...parts] = text.trimEnd().split(/\n\n+/)
  return parts.map((part) => {
    const lines = part.split('\n')
    const first = lines.findIndex((line) => !line.startsWith('#'))
    const [comments, body] = first < 0 ? [lines, []] : [lines.slice(0, first), lines.slice(first)]
    const prose = comments.map((line) => line.replace(/^# ?/, ''))
    if (body.length > 0) return { key: keyOf(body[0] ?? ''), prose, body }
    const at = prose.findIndex((line) => /^\w+:$/.test(line))
    // The previous line only says that the key has no default.
    return { key: keyOf(prose[at] ?? ''), prose: prose.slice(0, at - 1), body }
  })
}

function keyOf(line: string): string {
  const [, key] = /^(\w+):/.exec(line) ?? []
  if (key === undefined) throw new Error(`values.yaml: no key in ${JSON.stringify(line)}`)
  return key
}
