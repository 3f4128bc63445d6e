import { writeSync } from 'node:fs'
import { runProvider } from './run-provider.ts'

/**
 * The Pod waits as long as this process runs, up to a minute. This many milliseconds after its
 * start, the process stops calling the cloud and uses the last login.
 */
const LATEST_CALL_MS = 2_700
/** This many milliseconds after its start, the process ends in any case. */
const LATEST_END_MS = 2_950

/**
 * Ends the process at once. `process.exit` would wait for a name server that does not respond
 * (docs/en/decisions.md#node-login).
 */
function end(code: number): never {
  process.execve?.('/bin/sh', ['sh', '-c', `exit ${code}`], {})
  process.exit(code)
}

const stop = new AbortController()
/**
 * If an overloaded node starts this process after the deadline, the last login can still be
 * returned within this time (milliseconds).
 */
const LEAST_MS = 300

const age = performance.now()
// Node would warn about a negative time, in lines of the kubelet's log.
const untilStop = setTimeout(() => stop.abort(), Math.max(1, LATEST_CALL_MS - age))
const untilEnd = setTimeout(
  () => {
    writeSync(2, 'NODE_TIMEOUT: the program on the node did not end in time; fix: Check the load of the node.')
    end(1)
  },
  Math.max(LEAST_MS, LATEST_END_MS - age),
)

const { env, pid, argv, stdin } = process
const uid = process.getuid?.() ?? 0
const { stdout, stderr, code } = await runProvider({ argv: argv.slice(2), input: stdin, env, pid, uid }, stop.signal)
clearTimeout(untilStop)
clearTimeout(untilEnd)
if (stdout !== '') writeSync(1, stdout)
if (stderr !== '') writeSync(2, stderr)
if (stop.signal.aborted) end(code)
process.exit(code)
