import { Command, CommanderError } from 'commander'
import { NopassError } from '../../errors.ts'
import { VERSION } from '../../version.ts'
import type { CliHost, CommonFlags } from './cli-host.ts'
import { type Cli, debugOption, outputOption } from './command.ts'

/**
 * Parses the command line and runs the command; returns the exit code.
 * @throws INPUT_INVALID for unknown commands and flags, and what the command throws
 */
export async function runCli(host: CliHost, commands: readonly ((cli: Cli) => void)[]): Promise<number> {
  let code = 0
  const program = new Command(host.program)
  const cli: Cli = {
    program,
    host,
    run:
      (work) =>
      async (...args) => {
        const command = args.at(-1) as Command
        code = await work(command.optsWithGlobals() as never, command.args)
      },
  }
  program
    .description(
      'Password-free pulls from Alibaba Cloud Container Registry (ACR), in every namespace of every cluster.',
    )
    .version(`acr-nopass ${VERSION}`, '-V, --version', 'the version')
    .addOption(outputOption())
    .addOption(debugOption())
    .enablePositionalOptions()
    .showHelpAfterError(false)
    .configureHelp({ sortOptions: false })
    .configureOutput({
      writeOut: (text) => void host.stdout.write(text),
      writeErr: (text) => void host.stderr.write(text),
      // The caller reports it like every other failure.
      outputError: () => undefined,
      getOutHelpWidth: () => host.stdout.columns ?? 100,
      getErrHelpWidth: () => host.stderr.columns ?? 100,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .exitOverride()
    .addHelpText('after', EXIT_CODES)
  for (const add of commands) add(cli)
  try {
    await program.parseAsync([...host.argv], { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.exitCode === 0) return 0
    throw usageError(error, host)
  }
  return code
}

const EXIT_CODES = `
Exit codes: 0 ok, 1 failed, 2 wrong flags or values, 3 differences (plan --detailed-exitcode) or
something that import could not carry over, 130 interrupted.`

function usageError({ code, message }: CommanderError, host: CliHost): NopassError {
  if (code === 'commander.help') {
    return new NopassError('INPUT_MISSING', 'a command is missing', { hint: `\`${host.program} --help\` lists them.` })
  }
  const [what = '', suggestion] = message.replace(/^error: /, '').split('\n')
  const hint = suggestion?.replace(/^\((.*)\)$/, '$1')
  return new NopassError('INPUT_INVALID', what, { hint: hint ?? `See \`${host.program} --help\`.` })
}

/** The output format, even if the command line could not be parsed completely. */
export function guessFlags(argv: readonly string[]): CommonFlags {
  const isJson = argv.some((word, index) => {
    return /^(-ojson|-o=json|--output=json)$/.test(word) || (/^(-o|--output)$/.test(word) && argv[index + 1] === 'json')
  })
  return { ...(isJson ? { output: 'json' as const } : {}), debug: argv.includes('--debug') }
}
