import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'
import { NopassError, toNopassError } from '../errors.ts'
import { describeCauses } from './describe-causes.ts'
import { exitCodeOf } from './exit-codes.ts'
import type { CliHost } from './host.ts'
import { reportErrors } from './report-errors.ts'
import { guessFlags, runCli } from './run-cli.ts'

const interrupt = new AbortController()
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(name, () => {
    // Whoever asks twice does not want to wait.
    if (interrupt.signal.aborted) process.exit(130)
    interrupt.abort(new NopassError('INTERRUPTED', `ended by ${name}`))
  })
}
// A reader that has seen enough (`| head`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1))

// In a checkout this file is src/cli/main.ts, in the package dist/chunks/main-….js.
const root = new URL('../../', import.meta.url)
const host: CliHost = {
  argv: process.argv.slice(2),
  program: process.env.ACR_NOPASS_PROGRAM || 'acr-nopass',
  env: process.env,
  workingDirectory: process.cwd(),
  root: fileURLToPath(root),
  temporaryFolder: tmpdir(),
  stdout: process.stdout,
  stderr: process.stderr,
  signal: interrupt.signal,
}
try {
  process.exitCode = await runCli(host)
} catch (thrown) {
  const flags = guessFlags(host.argv)
  const error = toNopassError(interrupt.signal.aborted ? interrupt.signal.reason : thrown)
  await reportErrors([error], flags, host)
  if (flags.debug) process.stderr.write(`${describeCauses(thrown)}\n`)
  process.exitCode = exitCodeOf(error.code)
}
// Something that still listens must not keep a finished command alive.
process.stdout.write('', () => process.exit())
