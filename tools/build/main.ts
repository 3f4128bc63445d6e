import { readHost } from '../host.ts'
import { createProgress } from '../progress.ts'
import { describeFailure } from '../testbed-error.ts'
import { runTools } from './tools-command.ts'

const interrupt = new AbortController()
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, () => interrupt.abort(name))

try {
  await runTools(process.argv.slice(2), {
    progress: createProgress(process.stderr, process.env.CI),
    print: (text) => process.stdout.write(`${text}\n`),
    host: readHost(),
    signal: interrupt.signal,
  })
} catch (error) {
  if (interrupt.signal.aborted) {
    console.error('Interrupted; the next run continues where this one stopped.')
    process.exitCode = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 }[String(interrupt.signal.reason)] ?? 1
  } else {
    console.error(describeFailure(error))
    process.exitCode = 1
  }
}
