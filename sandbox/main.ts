import { createProgress } from '../tools/progress.ts'
import { describeFailure, type TestbedCode, TestbedError } from '../tools/testbed-error.ts'
import { runSandbox } from './run-sandbox.ts'

/** Codes of failures that the user's input causes. */
const USAGE: readonly TestbedCode[] = ['SANDBOX_ARGUMENTS', 'SEED_INVALID', 'SEED_UNREADABLE']

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
    process.stderr.write(`${describeFailure(error)}\n`)
    const isUsage = error instanceof TestbedError && USAGE.includes(error.code)
    process.exitCode = isUsage ? 2 : 1
  }
}
