import type { ObservedNode } from './observed-node.ts'

/** A variable that the kubelet's unit sets elsewhere than in the file of flags. */
export interface UnitVariable {
  /** The unit, drop-in or file of variables that sets it first. */
  readonly path: string
  /** The value in force. Undefined if it cannot be determined without doubt. */
  readonly value: string | undefined
}

/**
 * Returns how the kubelet's unit sets the variable without the file of flags. Undefined if it does
 * not. A file of flags that sets the variable replaces this value (systemd.exec(5),
 * `EnvironmentFile=`).
 */
export function findUnitVariable(
  { units, commandLine }: ObservedNode,
  variable: string,
  flagFile: string,
): UnitVariable | undefined {
  const places = units.filter(({ path }) => path !== flagFile)
  const found = places.flatMap(({ path, text }) => valuesIn(text, variable).map((value) => ({ path, value })))
  const [first, second] = found
  if (first === undefined || second !== undefined) return first && { path: first.path, value: undefined }
  const { path, value = '' } = first
  // An empty assignment drops every earlier one, and the order of the files is not followed here.
  const isReset = places.some(({ text }) => joinLines(text).some((line) => /^\s*Environment\s*=\s*$/.test(line)))
  const words = value.split(' ').filter((word) => word !== '')
  const isInEffect = commandLine === undefined || words.every((word) => commandLine.includes(word))
  return isReset || !isInEffect ? { path, value: undefined } : first
}

/** The values that a unit or a file of variables gives the variable. Undefined if unclear. */
function valuesIn(text: string, variable: string): readonly (string | undefined)[] {
  const unclear = new RegExp(
    `^\\s*(?:(?:export\\s+)?${variable}\\s*=|(?:Unset|Pass)Environment\\s*=(?:.*\\s)?["']?${variable}(?!\\w))`,
  )
  const mention = new RegExp(`(?<!\\w)${variable}=`)
  return joinLines(text).flatMap((line) => {
    if (unclear.test(line)) return [undefined]
    const assignments = /^\s*Environment\s*=(.*)$/.exec(line)?.[1]
    if (assignments === undefined || !mention.test(assignments)) return []
    const [word, second] = splitAssignments(assignments).filter((word) => mention.test(word))
    const value = word?.startsWith(`${variable}=`) === true ? word.slice(variable.length + 1) : undefined
    return [second === undefined && value !== undefined && isPlain(value) ? value : undefined]
  })
}

/** Splits the assignments of one line. Returns nothing for a line with escapes or joined quotes. */
function splitAssignments(text: string): readonly string[] {
  const word = /"([^"\\]*)"|'([^'\\]*)'|([^\s"'\\]+)/
  if (!new RegExp(`^(?:\\s*(?:${word.source})(?=\\s|$))*\\s*$`).test(text)) return []
  return [...text.matchAll(new RegExp(word, 'g'))].map(([, double, single, bare]) => double ?? single ?? bare ?? '')
}

/**
 * Only characters that mean the same in a unit, in a file of variables and in a shell. systemd
 * replaces specifiers (`%`) in a unit, and `$` in a command line.
 */
function isPlain(value: string): boolean {
  return /^[\x20-\x7e]*$/.test(value) && !/[%$\\"'`]/.test(value)
}

/** Lines without comments, each joined with the lines that continue it. */
function joinLines(text: string): readonly string[] {
  return text
    .split(/\r?\n/)
    .filter((line) => !/^\s*[#;]/.test(line))
    .join('\n')
    .replaceAll('\\\n', ' ')
    .split('\n')
}
