import { mkdtemp, rm } from 'node:fs/promises'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createProgress } from '../../tools/progress.ts'
import { describeFailure } from '../../tools/testbed-error.ts'
import { BENCH_USAGE, readBenchOptions } from './bench-options.ts'
import { runBench } from './run-bench.ts'

const interrupt = new AbortController()
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => interrupt.abort(name))

const root = fileURLToPath(new URL('../..', import.meta.url))
const folder = await mkdtemp(join(tmpdir(), 'acr-nopass-bench-'))
try {
  const progress = createProgress(process.stderr, process.env.CI)
  const options = readBenchOptions(process.argv.slice(2))
  if (options.help) console.log(BENCH_USAGE)
  else {
    const print = (text: string): void => console.log(text)
    const load = (): number => loadavg()[0] ?? Number.NaN
    const deps = { root, folder, progress, print, now: Date.now, load }
    process.exitCode = await runBench(options, deps, interrupt.signal)
  }
} catch (error) {
  if (interrupt.signal.aborted) {
    console.error(`Interrupted by ${interrupt.signal.reason}; nothing is left running.`)
    process.exitCode = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 }[String(interrupt.signal.reason)] ?? 1
  } else {
    console.error(error instanceof TypeError ? `${error.message}\n\n${BENCH_USAGE}` : describeFailure(error))
    process.exitCode = 1
  }
} finally {
  await rm(folder, { recursive: true, force: true })
}
