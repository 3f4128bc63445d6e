import { printable } from '../printable.ts'

declare const CHECKED: unique symbol

/**
 * A command that users are told to paste. It consists of our own words and of foreign words that
 * {@link shell} accepted.
 */
export type ShellCommand = string & { readonly [CHECKED]: 'command' }

/** Quoted words for a command. */
class ShellWords {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

/**
 * A foreign string must be a name that Kubernetes allows; any other string needs {@link quoted}.
 */
type Value = string | number | ShellWords | undefined

/**
 * The characters that Kubernetes allows in the names of objects, namespaces and kinds, and in label
 * values. None of them is special to a shell. No such name begins with a dash, which a program
 * would read as an option.
 */
const NAME = /^[A-Za-z0-9](?:[A-Za-z0-9._:-]{0,251}[A-Za-z0-9])?$/

/**
 * Builds a command from a fixed text and values. Returns undefined if a value is undefined, or a
 * string that is not a Kubernetes name. Whoever chose such a name for an object may want users to
 * paste and run it.
 */
export function shell(fixed: TemplateStringsArray): ShellCommand
export function shell(fixed: TemplateStringsArray, ...values: readonly [Value, ...Value[]]): ShellCommand | undefined
export function shell(fixed: TemplateStringsArray, ...values: readonly Value[]): ShellCommand | undefined {
  return shellWords(fixed, ...values)?.text as ShellCommand | undefined
}

/** Builds a part of a command for {@link shell}, by the same rules. */
export function shellWords(fixed: TemplateStringsArray, ...values: readonly Value[]): ShellWords | undefined {
  const texts = values.map(textOf)
  if (!texts.every((text) => text !== undefined)) return undefined
  return new ShellWords(String.raw({ raw: fixed }, ...texts))
}

/**
 * Quotes any text as one word: for values of the cloud, of files and of flags. Returns undefined
 * for a text that is not printable as it is, and for a text that a program would read as an option.
 */
export function quoted(text: string | undefined): ShellWords | undefined {
  if (text === undefined || text.startsWith('-') || printable(text) !== text) return undefined
  // Some shells expand a leading `=`.
  const isPlain = /^[\w@%+:,./-][\w@%+=:,./-]*$/.test(text)
  return new ShellWords(isPlain ? text : `'${text.replaceAll("'", "'\\''")}'`)
}

/**
 * Joins commands so that each runs only if the command before succeeds. Returns undefined if a
 * command is undefined, or if the list is empty.
 */
export function inOrder(commands: readonly (ShellCommand | undefined)[]): ShellCommand | undefined {
  if (commands.length === 0 || commands.includes(undefined)) return undefined
  return commands.join(' && ') as ShellCommand
}

/**
 * Changes every program call in a command.
 * @param change receives the words of a call as they are written, with their quotes. If `change`
 *   returns undefined, the whole command is removed.
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
