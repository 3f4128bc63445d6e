import { printable } from '../printable.ts'

declare const CHECKED: unique symbol

/**
 * A command that users are told to paste: our own words, and foreign words that {@link shell}
 * accepted.
 */
export type ShellCommand = string & { readonly [CHECKED]: 'command' }

/** Words for a command, quoted. */
class ShellWords {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

/** A foreign string has to be a name of Kubernetes; anything else needs {@link quoted}. */
type Value = string | number | ShellWords | undefined

/**
 * What Kubernetes allows in the names of objects, namespaces, kinds and in the values of labels. No
 * such text is special to a shell, and none begins with a dash, which a program would take for an
 * option.
 */
const NAME = /^[A-Za-z0-9](?:[A-Za-z0-9._:-]{0,251}[A-Za-z0-9])?$/

/**
 * A command of a fixed text with values in it. Undefined if a value is undefined or a string that
 * is no name of Kubernetes: who chose such a text for the name of an object may want it to be run
 * by whoever pastes the command.
 */
export function shell(fixed: TemplateStringsArray): ShellCommand
export function shell(fixed: TemplateStringsArray, ...values: readonly [Value, ...Value[]]): ShellCommand | undefined
export function shell(fixed: TemplateStringsArray, ...values: readonly Value[]): ShellCommand | undefined {
  return shellWords(fixed, ...values)?.text as ShellCommand | undefined
}

/** A part of a command, for {@link shell}; the same rules. */
export function shellWords(fixed: TemplateStringsArray, ...values: readonly Value[]): ShellWords | undefined {
  const texts = values.map(textOf)
  if (!texts.every((text) => text !== undefined)) return undefined
  return new ShellWords(String.raw({ raw: fixed }, ...texts))
}

/**
 * Any text as one quoted word, for values of the cloud, of files and of flags. Undefined for a text
 * that cannot be printed as it is, and for one that a program would take for an option.
 */
export function quoted(text: string | undefined): ShellWords | undefined {
  if (text === undefined || text.startsWith('-') || printable(text) !== text) return undefined
  // Some shells expand a leading `=`.
  const isPlain = /^[\w@%+:,./-][\w@%+=:,./-]*$/.test(text)
  return new ShellWords(isPlain ? text : `'${text.replaceAll("'", "'\\''")}'`)
}

/**
 * Commands that follow each other, as long as each succeeds. Undefined if one is, or if there is
 * none.
 */
export function inOrder(commands: readonly (ShellCommand | undefined)[]): ShellCommand | undefined {
  if (commands.length === 0 || commands.includes(undefined)) return undefined
  return commands.join(' && ') as ShellCommand
}

/**
 * Changes every program call of a command.
 * @param change gets the words of a call as they are written, with their quotes; undefined removes
 * the command
 */
export function changeCalls(
  command: ShellCommand,
  change: (words: readonly string[]) => readonly string[] | undefined,
): ShellCommand | undefined {
  const calls: string[][] = [[]]
  for (const word of command.match(/(?:'[^']*'|\\.|[^\s'\\])+/g) ?? []) {
    if (word === '|' || word === '&&') calls.push([word], [])
    else calls.at(-1)?.push(word)
  }
  const changed = calls.map((words) => (/^(?:\||&&)$/.test(words[0] ?? '') ? words : change(words)))
  return changed.includes(undefined) ? undefined : (changed.flat().join(' ') as ShellCommand)
}

function textOf(value: Value): string | undefined {
  if (value instanceof ShellWords) return value.text
  if (typeof value === 'number') return String(value)
  return value !== undefined && NAME.test(value) ? value : undefined
}
