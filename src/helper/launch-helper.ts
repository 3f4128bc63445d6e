import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { Logger } from 'pino'
import { createCloudClock } from '../alibaba/transport/cloud-clock.ts'
import { createHttpSender } from '../alibaba/transport/http-sender.ts'
import { createTransport } from '../alibaba/transport/transport.ts'
import { UNVERIFIED } from '../alibaba/unverified.ts'
import { createKubeClient } from '../kube/client.ts'
import type { KubeConnection } from '../kube/kube-connection.ts'
import type { LeaseDurations } from '../kube/lease-record.ts'
import { type Clock, sleep, systemClock } from '../lib/clock.ts'
import { createEntries } from './credentials/create-entries.ts'
import type { HelperArguments } from './helper-arguments.ts'
import { createMetrics } from './report/metrics.ts'
import { runHelper } from './run-helper.ts'

export interface HelperLaunch {
  readonly argument: HelperArguments
  readonly connection: KubeConnection
  readonly environment: NodeJS.ProcessEnv
  readonly version: string
  readonly podName: string
  readonly log: Logger
  /** For all waits and durations (default: this machine's clock). */
  readonly time?: Clock
  readonly leaseDurations?: LeaseDurations
}

/** Wires the helper to this machine's clocks, files and network, and runs it until the signal. Rejects as `runHelper` does. */
export async function launchHelper(launch: HelperLaunch, signal: AbortSignal): Promise<void> {
  const { argument, environment, version, podName, log, time = systemClock, leaseDurations } = launch
  const clock = createCloudClock(systemClock)
  const metrics = createMetrics()
  const userAgent = `acr-nopass/${version}`
  const transport = createTransport({
    send: createHttpSender({ proxyEnv: environment }),
    clock,
    random: Math.random,
    nonce: randomUUID,
    sleep: (milliseconds, wait) => sleep(systemClock, milliseconds, wait),
    userAgent,
    onFallback: (fallback) => log.warn({ ...fallback }, UNVERIFIED.VPC_FALLBACK),
  })
  const client = createKubeClient(launch.connection, {
    userAgent,
    onCall({ verb, resource, status, milliseconds, date }) {
      metrics.requests.inc({ verb, resource, code: status })
      clock.observeServer(date, clock.monotonic() - milliseconds)
    },
  })
  const readText = (file: string, wait?: AbortSignal): Promise<string> =>
    readFile(file, { encoding: 'utf8', ...(wait && { signal: wait }) })
  try {
    await runHelper(
      {
        readConfig: () => readText(argument.config),
        createEntries(config) {
          log.level = config.logLevel
          const { secretsDir, oidcTokenFile } = argument
          return createEntries(config, { transport, readText, secretsDir, oidcTokenFile, sessionName: podName })
        },
        unverified: () =>
          transport
            .fallbacks()
            .map(({ host, publicHost }) => ({ id: 'VPC_FALLBACK', subject: `${host}: ${publicHost}` })),
        client,
        clock: time,
        cloud: clock,
        random: Math.random,
        identity: `${podName}_${environment.POD_UID ?? randomUUID()}`,
        podName,
        version,
        log,
        metrics,
        httpAddress: argument.httpAddress,
        statusAddress: argument.statusAddress,
        ...(leaseDurations && { leaseDurations }),
      },
      signal,
    )
  } finally {
    client.close()
  }
}
