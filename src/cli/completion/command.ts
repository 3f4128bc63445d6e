import type { Command } from 'commander'
import { NopassError } from '../../errors.ts'
import type { Cli } from '../program/command.ts'

/** Adds `completion`: prints a script for the shell. */
export function addCompletion({ program, run }: Cli): void {
  program
    .command('completion')
    .description('Print a completion script: `source <(acr-nopass completion bash)`.')
    .argument('<shell>', 'bash, zsh or fish')
    .action(
      run(async () => async (_flags, host, [shell = '']) => {
        host.stdout.write(renderCompletion(shell, program))
        return 0
      }),
    )
}

/**
 * Renders a completion script for commands and their flags.
 * @throws INPUT_INVALID
 */
function renderCompletion(shell: string, program: Command): string {
  const { commands } = program
  if (shell === 'bash') return renderBash(commands)
  if (shell === 'zsh')
    return `#compdef acr-nopass\nautoload -U +X bashcompinit && bashcompinit\n${renderBash(commands)}`
  if (shell === 'fish') return renderFish(commands)
  throw new NopassError('INPUT_INVALID', `there is no completion for "${shell}"`, { hint: 'Use bash, zsh or fish.' })
}

function renderBash(commands: readonly Command[]): string {
  const cases = commands.flatMap((command) => [
    // Cases of a subcommand come before the case of its parent, because the shell takes the first
    // match.
    ...command.commands.map((sub) => `    '${command.name()} ${sub.name()}') words='${wordsOf(sub)}' ;;`),
    `    '${command.name()} '*) words='${wordsOf(command)}' ;;`,
  ])
  const names = commands.map((command) => command.name()).join(' ')
  return `_acr_nopass() {
  local words
  # What is being typed is no subcommand yet.
  local sub=''
  [ "$COMP_CWORD" -gt 2 ] && sub="\${COMP_WORDS[2]-}"
  case "\${COMP_WORDS[1]-} $sub" in
${cases.join('\n')}
    *) words='' ;;
  esac
  [ "$COMP_CWORD" -eq 1 ] && words='${names} --help --version'
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _acr_nopass acr-nopass
`
}

function renderFish(commands: readonly Command[]): string {
  const lines = commands.flatMap((command) => {
    const seen = `__fish_seen_subcommand_from ${command.name()}`
    return [
      offerWords('__fish_use_subcommand', command),
      ...command.commands.map((sub) => offerWords(quote(seen), sub)),
      ...new Set([command, ...command.commands].flatMap((one) => flagsOf(one).map((flag) => flagLine(seen, flag)))),
    ]
  })
  return `${lines.join('\n')}\n`
}

function offerWords(condition: string, command: Command): string {
  return `complete -c acr-nopass -n ${condition} -f -a ${command.name()} -d ${quote(command.description())}`
}

function flagLine(condition: string, flag: string): string {
  return `complete -c acr-nopass -n '${condition}' -l ${flag.slice(2)}`
}

/** Lists subcommands and flags. */
function wordsOf(command: Command): string {
  return [...command.commands.map((sub) => sub.name()), ...flagsOf(command)].join(' ')
}

function flagsOf(command: Command): readonly string[] {
  return command
    .createHelp()
    .visibleOptions(command)
    .flatMap(({ long }) => long ?? [])
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "\\'")}'`
}
