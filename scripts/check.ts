// npm run check [-- WORD…]: runs all sub-checks, or those whose name contains a WORD. A failed
// sub-check does not stop the others.
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { formatDuration } from '../src/lib/format-duration.ts'
import { createProgress } from '../tools/progress.ts'
import { describeFailure } from '../tools/testbed-error.ts'
import { listChecks, type SubCheck } from './check/sub-checks.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const words = process.argv.slice(2)
const interrupt = new AbortController()
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, () => interrupt.abort(name))

async function runOne({ name, run, warns }: SubCheck): Promise<boolean> {
  const started = performance.now()
  const wrong = await run(interrupt.signal).catch((error: unknown) => describeFailure(error))
  if (interrupt.signal.aborted) return false
  console.log(`${wrong ? (warns ? '⚠' : '✖') : '✔'} ${name} · ${formatDuration(performance.now() - started)}`)
  if (wrong) console.log(wrong.replaceAll(/^(?=.)/gm, '  '))
  if (wrong && warns) {
    console.log('  These are warnings: a change may come without them, a release may not.')
    if (process.env.GITHUB_ACTIONS === 'true') console.log(`::warning title=${name}::${wrong.split('\n').length} found`)
  }
  return wrong === '' || warns === true
}

const progress = createProgress(process.stderr, process.env.CI)
const all = listChecks(root, progress)
const checks = all.filter(({ name }) => words.length === 0 || words.some((word) => name.includes(word)))
if (checks.length === 0) {
  console.log(`No check matches ${words.join(' ')}. There are: ${all.map(({ name }) => name).join(', ')}.`)
  process.exit(1)
}
const queue = checks.values()
let failed = 0
const worker = async () => {
  for (const check of queue) {
    if (interrupt.signal.aborted) return
    if (!(await runOne(check))) failed++
  }
}
await Promise.all(Array.from({ length: availableParallelism() }, worker))
if (interrupt.signal.aborted) {
  console.log('Interrupted.')
  process.exitCode = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 }[String(interrupt.signal.reason)] ?? 1
} else {
  console.log(`${checks.length - failed} checks passed, ${failed} failed`)
  process.exitCode = failed > 0 ? 1 : 0
}
