import { tmpdir } from 'node:os'
import { NopassError, toNopassError } from '../../errors.ts'
import { withoutSecrets } from '../../kube/api-error.ts'
import { printable } from '../../printable.ts'
import { takeEnvironment } from '../../rollout/inputs/take-environment.ts'
import { type CliHost, EXIT, exitCodeOf } from './cli-host.ts'
import type { Cli } from './command.ts'
import { reportErrors } from './report-errors.ts'
import { guessFlags, runCli } from './run-cli.ts'
import { safeStream } from './terminal.ts'

/** The second signal exits immediately, but not the same Ctrl-C once more: the terminal sends it, and npx passes it on. */
const SAME_SIGNAL_MS = 1_000

/** Runs the command line tool in this process. `root`: of the checkout or the package. */
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
  // What has begun is still put in order.
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
    root,
    temporaryFolder: tmpdir(),
    stdout: safeStream(main.stdout, main.env),
    stderr: safeStream(main.stderr, main.env),
    signal: interrupt.signal,
  }
  try {
    main.exitCode = await runCli(host, commands)
  } catch (thrown) {
    const flags = guessFlags(host.argv)
    const error = toNopassError(interrupt.signal.aborted ? interrupt.signal.reason : thrown)
    await reportErrors([error], flags, host)
    if (flags.debug) host.stderr.write(`${describeCauses(thrown)}\n`)
    main.exitCode = exitCodeOf(error.code)
  }
  // Open handles must not keep a finished command alive.
  main.stdout.write('', (error) => main.exit(main.exitCode || codeOfUnwritten(unwritten ?? error, host)))
}

/** A reader that closes early (`| head`) is not a failure. */
function codeOfUnwritten(error: NodeJS.ErrnoException | null | undefined, { stderr }: CliHost): number {
  if (!error || error.code === 'EPIPE') return EXIT.ok
  stderr.write(`standard output could not be written: ${error.code}\n`)
  return EXIT.failed
}

/** The stack and the causes of a failure; long words that could be credentials are redacted. */
function describeCauses(thrown: unknown): string {
  const lines: string[] = []
  let at = thrown
  for (let depth = 0; at instanceof Error && depth < 5; depth++) {
    const frames = (at.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line))
    const what = printable(`${at.name}: ${withoutSecrets(at.message)}`)
    lines.push(`${depth === 0 ? '' : 'caused by '}${what}`, ...frames.slice(0, 12).map(printable))
    at = at.cause
  }
  return lines.join('\n')
}
