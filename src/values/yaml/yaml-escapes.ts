/** An escape in double quotes that Helm's reader refuses: where it stands in the text, and what to write. */
export interface BadEscape {
  readonly index: number
  readonly escape: string
  readonly hint: string
}

/** The first escape of a double-quoted text (with its quotes) that go-yaml v2 does not know; undefined when all are fine. */
export function findBadEscape(quoted: string): BadEscape | undefined {
  for (const match of quoted.matchAll(/\\(?:u([0-9a-fA-F]{4})|[\s\S])/g)) {
    const [found, unit] = match
    if (found === '\\/') return { index: match.index, escape: found, hint: 'Write / without the backslash.' }
    if (unit !== undefined && /^d[89a-f]/i.test(unit)) {
      return { index: match.index, escape: found, hint: 'Write the character itself, or as one escape: "\\U0001F600".' }
    }
  }
  return undefined
}
