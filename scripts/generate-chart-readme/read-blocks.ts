/** One top-level key of values.yaml with the prose above it; without a body when the key is commented out, for it has no default. */
export interface ValuesBlock {
  readonly key: string
  /** Without `# `. */
  readonly prose: readonly string[]
  /** The key's own lines. */
  readonly body: readonly string[]
}

/** The blocks of values.yaml, in its order; blank lines part them. The head of the file is none. */
export function readBlocks(text: string): ValuesBlock[] {
  const [, ...parts] = text.trimEnd().split(/\n\n+/)
  return parts.map((part) => {
    const lines = part.split('\n')
    const first = lines.findIndex((line) => !line.startsWith('#'))
    const [comments, body] = first < 0 ? [lines, []] : [lines.slice(0, first), lines.slice(first)]
    const prose = comments.map((line) => line.replace(/^# ?/, ''))
    if (body.length > 0) return { key: keyOf(body[0] ?? ''), prose, body }
    const at = prose.findIndex((line) => /^\w+:$/.test(line))
    // the line before says only that it has no default
    return { key: keyOf(prose[at] ?? ''), prose: prose.slice(0, at - 1), body }
  })
}

function keyOf(line: string): string {
  const [, key] = /^(\w+):/.exec(line) ?? []
  if (key === undefined) throw new Error(`values.yaml: no key in ${JSON.stringify(line)}`)
  return key
}
