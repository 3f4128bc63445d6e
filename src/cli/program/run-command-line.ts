import { tmpdir } from 'node:os'
import { Command, CommanderError } from 'commander'
import { hasCode, NopassError, toNopassError } from '../../errors.ts'
import { withoutSecrets } from '../../kube/api-error.ts'
import { printable } from '../../printable.ts'
import { takeEnvironment } from '../../rollout/inputs/take-environment.ts'
import { nearest } from '../../values/schema/nearest.ts'
import { VERSION } from '../../version.ts'
import { type CliHost, type CommonFlags, EXIT, exitCodeOf } from './cli-host.ts'
import { type Cli, debugOption, outputOption } from './command.ts'
import { namesFirst } from './names-first.ts'
import { reportErrors } from './report-errors.ts'
import { safeStream } from './terminal.ts'

/**
 * A second signal exits immediately. The same Ctrl-C may arrive twice, from the terminal and from
 * npx, and must not count as a second signal.
 */
const SAME_SIGNAL_MS = 1_000

/**
 * Runs the command line tool in this process. `root` is the folder of the checkout or the package.
 */
export async function runCommandLine(
  main: NodeJS.Process,
  root: string,
  commands: readonly ((cli: Cli) => void)[],
): Promise<void> {
  const interrupt = new AbortController()
  let interruptedAt = 0
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    main.on(name, () => {
      if (interrupt.signal.aborted) {
        if (performance.now() - interruptedAt > SAME_SIGNAL_MS) main.exit(130)
        return
      }
      interruptedAt = performance.now()
      interrupt.abort(new NopassError('INTERRUPTED', `interrupted by ${name}`))
    })
  }
  // A closed stdout interrupts the command instead of ending the process, so that started work is
  // completed or undone.
  let unwritten: NodeJS.ErrnoException | undefined
  main.stdout.on('error', (error) => {
    unwritten ??= error
    interrupt.abort(new NopassError('INTERRUPTED', 'standard output was closed'))
  })
  main.stderr.on('error', () => undefined)
  const host: CliHost = {
    argv: main.argv.slice(2),
    program: main.env.ACR_NOPASS_PROGRAM || 'acr-nopass',
    env: takeEnvironment(main.env),
    workingDirectory: main.cwd(),
    pid: main.pid,
    root,
    temporaryFolder: tmpdir(),
    stdout: safeStream(main.stdout, main.env),
    stderr: safeStream(main.stderr, main.env),
    terminal: () => {
      if (!main.stdin.isTTY || !main.stderr.isTTY) return undefined
      // With a terminal that reports no size, such as that of `docker run -t`, every letter would
      // be on a line of its own.
      if (main.stderr.columns === 0) Object.assign(main.stderr, { columns: 80, rows: 24 })
      return { input: main.stdin, output: main.stderr }
    },
    signal: interrupt.signal,
  }
  try {
    main.exitCode = await runCli(host, commands)
  } catch (thrown) {
    const flags = guessFlags(host.argv)
    // A command may describe its interruption better than the signal does.
    const isDescribed = hasCode(thrown, 'INTERRUPTED')
    const error = toNopassError(interrupt.signal.aborted && !isDescribed ? interrupt.signal.reason : thrown)
    reportErrors([error], flags, host)
    if (flags.debug) host.stderr.write(`${describeCauses(thrown)}\n`)
    main.exitCode = exitCodeOf(error.code)
  }
  // Exits explicitly, because open handles would keep a finished command running. Output that a
  // pipe did not accept yet is written first.
  main.stderr.write('', () =>
    main.stdout.write('', (error) => main.exit(main.exitCode || codeOfUnwritten(unwritten ?? error, host))),
  )
}

/** A reader that closes early (`| head`) is not a failure. */
function codeOfUnwritten(error: NodeJS.ErrnoException | null | undefined, { stderr }: CliHost): number {
  if (!error || error.code === 'EPIPE') return EXIT.ok
  stderr.write(`standard output could not be written: ${error.code}\n`)
  return EXIT.failed
}

/**
 * Describes the stack and the causes of a failure. A message that is not ours may quote a file of
 * secrets, as those of parsers do, so only the error's name and code are shown.
 */
function describeCauses(thrown: unknown): string {
  const lines: string[] = []
  let at = thrown
  for (let depth = 0; at instanceof Error && depth < 5; depth++) {
    const frames = (at.stack ?? '')
      .replace(at.message, '')
      .split('\n')
      .filter((line) => /^\s+at /.test(line))
    const { code } = at as NodeJS.ErrnoException
    const what = at instanceof NopassError ? withoutSecrets(at.message) : code
    const head = [at.name, what].filter(Boolean).join(': ')
    lines.push(printable(`${depth === 0 ? '' : 'caused by '}${head}`), ...frames.slice(0, 12).map(printable))
    at = at.cause
  }
  return lines.join('\n')
}

/**
 * Parses the command line and runs the command. Returns the exit code.
 * @throws INPUT_INVALID for unknown commands and flags, and the errors of the command
 */
export async function runCli(host: CliHost, commands: readonly ((cli: Cli) => void)[]): Promise<number> {
  let code = 0
  const program = new Command(host.program)
  const cli: Cli = {
    program,
    run:
      (load) =>
      async (...args) => {
        const command = args.at(-1) as Command
        const flags = command.optsWithGlobals() as never
        const work = await load(flags)
        code = await work(flags, host, command.args)
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
      // The caller reports the error like every other failure.
      outputError: () => undefined,
      getOutHelpWidth: () => host.stdout.columns ?? 100,
      getErrHelpWidth: () => host.stderr.columns ?? 100,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .exitOverride()
    .addHelpText('after', EXIT_CODES)
  for (const add of commands) add(cli)
  if (host.argv.length === 0) {
    program.outputHelp()
    return EXIT.ok
  }
  const argv = namesFirst(program, host.argv)
  try {
    await program.parseAsync(argv, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.exitCode === 0) return 0
    throw usageError(error, { ...host, argv }, program)
  }
  return code
}

const EXIT_CODES = `
Exit codes: 0 ok, 1 failed, 2 wrong flags or values, 3 differences (plan --detailed-exitcode) or
something that import could not carry over, 130 interrupted.`

function usageError({ code, message }: CommanderError, host: CliHost, program: Command): NopassError {
  if (code === 'commander.help') {
    return new NopassError('INPUT_MISSING', 'a command is missing', { hint: `\`${host.program} --help\` lists them.` })
  }
  // The value of an unknown flag, as in --token=X or -tX, may be a secret.
  const shown = message.replace(/^error: /, '').replace(/^(unknown option '(?:--[^=']*(?==)|-[^-])).+?'/s, "$1'")
  const [what = '', suggestion] = shown.split('\n')
  const [, word = ''] = code === 'commander.unknownCommand' ? (/'(.*)'/.exec(what) ?? []) : []
  const meant = Object.hasOwn(SAME_MEANING, word) ? `Did you mean ${SAME_MEANING[word]}?` : undefined
  const hint = meant ?? suggestion?.replace(/^\((.*)\)$/, '$1') ?? usageHint(code, what, host, program)
  return new NopassError('INPUT_INVALID', what, { hint })
}

/** Commands of other programs, with ours of the same meaning. */
const SAME_MEANING: Readonly<Record<string, string>> = {
  install: 'apply',
  upgrade: 'apply',
  deploy: 'apply',
  delete: 'uninstall',
  remove: 'uninstall',
  check: 'validate',
  lint: 'validate',
  diff: 'plan',
  status: 'doctor',
}

/** Returns what the user probably meant, or the help of the command that was called. */
function usageHint(code: string, what: string, { argv, program: name }: CliHost, program: Command): string {
  if (argv[0] === 'version') return `\`${name} --version\` prints it.`
  const command = program.commands.find((one) => one.name() === argv[0])
  if (command === undefined) return `See \`${name} --help\`.`
  const [, word = ''] = code === 'commander.excessArguments' ? (/: (\S+?)(?:,|\.?$)/.exec(what) ?? []) : []
  const takesFiles = command.options.some(({ short }) => short === '-f')
  if (takesFiles && /\.(ya?ml|json)$/i.test(word)) return `Name a values file with -f: \`-f ${word}\`.`
  const meant = nearest(
    word,
    command.commands.map((one) => one.name()),
  )
  if (meant !== undefined) return `Did you mean \`${name} ${command.name()} ${meant}\`?`
  const called = command.commands.some((one) => one.name() === argv[1])
    ? `${command.name()} ${argv[1]}`
    : command.name()
  return `See \`${name} ${called} --help\`.`
}

/** Returns the output format, even if the command line could not be parsed completely. */
function guessFlags(argv: readonly string[]): CommonFlags {
  const isJson = argv.some((word, index) => {
    return /^(-ojson|-o=json|--output=json)$/.test(word) || (/^(-o|--output)$/.test(word) && argv[index + 1] === 'json')
  })
  return { ...(isJson ? { output: 'json' as const } : {}), debug: argv.includes('--debug') }
}
