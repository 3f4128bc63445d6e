import type { Command, Option } from 'commander'

/**
 * Moves the name of a command and of its subcommand before the flags, so that a flag may stand
 * anywhere, as with kubectl. The command that does the work then reads all flags: the last of
 * several wins, a list keeps the values of all, and a flag that this command does not have is
 * refused. Commander alone reads a flag before the name of a subcommand as one of its parent.
 */
export function namesFirst(command: Command, words: readonly string[]): readonly string[] {
  const groups = groupWords(command, words)
  const at = groups.findIndex(([word = '']) => word === '--' || !word.startsWith('-'))
  const [word = ''] = groups[at] ?? []
  const child = findSubcommand(command, word)
  if (child === undefined) return groups.flat()
  const flags = groups.slice(0, at)
  const rest = groups.slice(child.name() === word ? at + 1 : at)
  // Flags of the program itself, such as --version, stay before a command that lacks them.
  const stays = ([flag = '']: readonly string[]): boolean =>
    command.parent === null && findOption(child, flag) === undefined
  const moved = flags.filter((one) => !stays(one)).map((one) => withValue(child, one))
  return [...flags.filter(stays).flat(), child.name(), ...namesFirst(child, [...moved, ...rest].flat())]
}

/**
 * Returns each flag with its value, and each other word. `-n=shop` becomes `-n shop`, as kubectl
 * and Helm read it: commander would take `=shop` as the value.
 */
function groupWords(command: Command, words: readonly string[]): readonly (readonly string[])[] {
  const groups: (readonly string[])[] = []
  for (let index = 0; index < words.length; ) {
    const [word = '', next] = words.slice(index, index + 2)
    if (word === '--') return [...groups, words.slice(index)]
    const option = word.startsWith('-') ? findOption(command, word) : undefined
    const isShort = /^-[^-]=/.test(word) && option?.required === true
    const count = takesNext(option, word, next) ? 2 : 1
    groups.push(isShort ? [word.slice(0, 2), word.slice(3)] : words.slice(index, index + count))
    index += count
  }
  return groups
}

/** A flag whose value may be left out must not take the word that follows the name as its value. */
function withValue(command: Command, flag: readonly string[]): readonly string[] {
  const [word = '', ...value] = flag
  const isBare = value.length === 0 && findOption(command, word)?.optional === true && !word.includes('=')
  return isBare ? [`${word}=true`] : flag
}

/** Reads `doctor pod/NAME`, which is kubectl's form, as `doctor pod pod/NAME`. */
function findSubcommand({ commands }: Command, word: string): Command | undefined {
  const name = /^(pod|pods|po)\/./.test(word) ? 'pod' : word
  return commands.find((one) => one.name() === name)
}

/** Finds a flag of the command or of its subcommands. A flag is the same in all of them. */
function findOption(command: Command, word: string): Option | undefined {
  const [flag = ''] = word.startsWith('--') ? word.split('=') : [word.slice(0, 2)]
  const own = command.options.find(({ short, long }) => short === flag || long === flag)
  if (own !== undefined) return own
  for (const child of command.commands) {
    const found = findOption(child, flag)
    if (found !== undefined) return found
  }
  return undefined
}

/** True if the next word is the value of a flag. */
function takesNext(option: Option | undefined, word: string, next: string | undefined): boolean {
  const hasValue = word.startsWith('--') ? word.includes('=') : word.length > 2
  if (option === undefined || hasValue) return false
  return option.required || (option.optional && /^(true|false)$/.test(next ?? ''))
}
