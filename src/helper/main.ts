import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { destination, pino } from 'pino'
import packageJson from '../../package.json' with { type: 'json' }
import { createCloudClock, systemTime } from '../alibaba/cloud-clock.ts'
import { createHttpSender } from '../alibaba/http-sender.ts'
import { createTransport } from '../alibaba/transport.ts'
import { toNopassError } from '../errors.ts'
import { createKubeClient } from '../kube/client.ts'
import { systemClock } from '../kube/clock.ts'
import { inClusterConnection } from '../kube/connection.ts'
import { createEntries } from './create-entries.ts'
import { readHelperArguments } from './helper-arguments.ts'
import { createMetrics } from './metrics.ts'
import { runHelper } from './run-helper.ts'

const { version } = packageJson
const log = pino({ base: null, timestamp: pino.stdTimeFunctions.isoTime }, destination({ fd: 1, sync: true }))
const stop = new AbortController()
const onSignal = (signal: NodeJS.Signals): void => {
  // Whoever asks twice does not want to wait.
  if (stop.signal.aborted) process.exit(1)
  log.info({ signal }, 'asked to stop')
  stop.abort()
}
process.on('SIGTERM', onSignal)
process.on('SIGINT', onSignal)

try {
  const argument = readHelperArguments(process.argv.slice(2))
  const clock = createCloudClock(systemTime())
  const metrics = createMetrics()
  const userAgent = `acr-nopass/${version}`
  const transport = createTransport({
    send: createHttpSender({ proxyEnv: process.env }),
    clock,
    random: Math.random,
    nonce: randomUUID,
    sleep: (milliseconds, signal) => delay(milliseconds, undefined, { ...(signal && { signal }) }),
    userAgent,
  })
  const client = createKubeClient(inClusterConnection(argument.serviceAccountDir, process.env), {
    userAgent,
    onCall: ({ verb, resource, status }) => metrics.requests.inc({ verb, resource, code: status }),
  })
  const readText = (file: string, signal?: AbortSignal): Promise<string> =>
    readFile(file, { encoding: 'utf8', ...(signal && { signal }) })
  const podName = process.env.POD_NAME ?? 'acr-nopass'
  await runHelper(
    {
      readConfig: () => readText(argument.config),
      createEntries(config) {
        log.level = config.logLevel
        const { secretsDir, oidcTokenFile } = argument
        return createEntries(config, { transport, readText, secretsDir, oidcTokenFile, sessionName: podName })
      },
      client,
      clock: systemClock,
      cloud: clock,
      random: Math.random,
      identity: `${podName}_${process.env.POD_UID ?? randomUUID()}`,
      podName,
      version,
      log,
      metrics,
      httpAddress: argument.httpAddress,
      statusAddress: argument.statusAddress,
    },
    stop.signal,
  )
  client.close()
  process.exit(0)
} catch (error) {
  const { code, message, hint, reason } = toNopassError(error)
  log.fatal({ code, reason, cure: hint }, message)
  process.exit(1)
}
