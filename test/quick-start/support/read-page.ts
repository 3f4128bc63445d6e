/** The action of a reader for one block of a page: write a file, or type commands. */
export type Step =
  | { readonly kind: 'file'; readonly path: string; readonly text: string; readonly line: number }
  | { readonly kind: 'commands'; readonly text: string; readonly line: number }

const COMMANDS = new Set(['sh'])
const FILES = new Set(['yaml', 'json'])
const SHOWN = new Set(['text'])

/**
 * The blocks of a page in their order. A file's name is the last code word of the line above its
 * block, which ends with a colon.
 * @throws Error for a block whose language or file is not known because it would not be tested
 */
export function readSteps(page: string): readonly Step[] {
  const steps: Step[] = []
  const lines = page.split('\n')
  for (let at = 0; at < lines.length; at++) {
    const language = /^```(\S*)$/.exec(lines[at] ?? '')?.[1]
    if (language === undefined) continue
    const end = lines.indexOf('```', at + 1)
    const [text, line] = [`${lines.slice(at + 1, end).join('\n')}\n`, at + 1]
    if (COMMANDS.has(language)) steps.push({ kind: 'commands', text, line })
    else if (FILES.has(language)) steps.push({ kind: 'file', path: fileOf(lines.slice(0, at), line), text, line })
    else if (!SHOWN.has(language)) throw new Error(`line ${line}: no test runs a block of the language "${language}"`)
    at = end
  }
  return steps
}

function fileOf(before: readonly string[], line: number): string {
  const above = before.findLast((text) => text !== '' && !text.startsWith('<!-- '))
  const name = /`([^`\s]+)`[:：]$/.exec(above ?? '')?.[1]
  if (name === undefined) throw new Error(`line ${line}: the line above does not end with the name of the file`)
  return name
}
