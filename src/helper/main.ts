import { destination, pino } from 'pino'
import { toNopassError } from '../errors.ts'
import { inClusterConnection } from '../kube/connection.ts'
import { printableLines } from '../printable.ts'
import { VERSION } from '../version.ts'
import { launchHelper, readHelperArguments } from './launch-helper.ts'

const stdout = destination({ fd: 1, sync: true })
const log = pino(
  { base: null, timestamp: pino.stdTimeFunctions.isoTime },
  { write: (line) => void stdout.write(printableLines(line)) },
)
const stop = new AbortController()
const onSignal = (signal: NodeJS.Signals): void => {
  // A second signal ends the process immediately.
  if (stop.signal.aborted) process.exit(1)
  log.info({ signal }, 'stopping')
  stop.abort()
}
process.on('SIGTERM', onSignal)
process.on('SIGINT', onSignal)

try {
  const argument = readHelperArguments(process.argv.slice(2))
  const connection = inClusterConnection(argument.serviceAccountDir, process.env)
  const podName = process.env.POD_NAME ?? 'acr-nopass'
  await launchHelper({ argument, connection, environment: process.env, version: VERSION, podName, log }, stop.signal)
  process.exit(0)
} catch (error) {
  const { code, message, hint, reason } = toNopassError(error)
  log.fatal({ code, reason, fix: hint }, message)
  process.exit(1)
}
