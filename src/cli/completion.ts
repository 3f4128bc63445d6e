import type { Command } from 'commander'
import { NopassError } from '../errors.ts'

/** A completion script of commands and their flags. Throws INPUT_INVALID. */
export function renderCompletion(shell: string, program: Command): string {
  const { commands } = program
  if (shell === 'bash') return bash(commands)
  if (shell === 'zsh') return `#compdef acr-nopass\nautoload -U +X bashcompinit && bashcompinit\n${bash(commands)}`
  if (shell === 'fish') return fish(commands)
  throw new NopassError('INPUT_INVALID', `there is no completion for "${shell}"`, { hint: 'Say bash, zsh or fish.' })
}

function bash(commands: readonly Command[]): string {
  const cases = commands.map((command) => `    ${command.name()}) words='${flagsOf(command).join(' ')}' ;;`)
  const names = commands.map((command) => command.name()).join(' ')
  return `_acr_nopass() {
  local words
  case "\${COMP_WORDS[1]-}" in
${cases.join('\n')}
    *) words='' ;;
  esac
  [ "$COMP_CWORD" -eq 1 ] && words='${names} --help --version'
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _acr_nopass acr-nopass
`
}

function fish(commands: readonly Command[]): string {
  const lines = commands.flatMap((command) => [
    `complete -c acr-nopass -n __fish_use_subcommand -f -a ${command.name()} -d ${quote(command.description())}`,
    ...flagsOf(command).map(
      (flag) => `complete -c acr-nopass -n '__fish_seen_subcommand_from ${command.name()}' -l ${flag.slice(2)}`,
    ),
  ])
  return `${lines.join('\n')}\n`
}

function flagsOf(command: Command): readonly string[] {
  return [...command.options.flatMap(({ long }) => (long ? [long] : [])), '--help']
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "\\'")}'`
}
