import { formatError, toNopassError } from '../errors.ts'
import { createProgress } from './progress.ts'
import { runSandbox } from './run-sandbox.ts'

const interrupt = new AbortController()
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => interrupt.abort(name))

try {
  process.exitCode = await runSandbox(process.argv.slice(2), {
    progress: createProgress(process.stdout, process.env.CI),
    stdout: process.stdout,
    stderr: process.stderr,
    signal: interrupt.signal,
  })
} catch (error) {
  if (interrupt.signal.aborted) {
    process.stderr.write('Interrupted; nothing is left running.\n')
    process.exitCode = interrupt.signal.reason === 'SIGINT' ? 130 : 143
  } else {
    const failure = toNopassError(error)
    process.stderr.write(`${formatError(failure)}\n`)
    process.exitCode = ['SANDBOX_ARGUMENTS', 'SEED_INVALID', 'SEED_UNREADABLE'].includes(failure.code) ? 2 : 1
  }
}
