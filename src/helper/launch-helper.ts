import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import type { Logger } from 'pino'
import { createCloudClock } from '../alibaba/transport/cloud-clock.ts'
import { createCloudTransport } from '../alibaba/transport/cloud-transport.ts'
import { createHttpSender } from '../alibaba/transport/http-sender.ts'
import { UNVERIFIED } from '../alibaba/unverified.ts'
import { NopassError, toNopassError } from '../errors.ts'
import { createKubeClient } from '../kube/client.ts'
import { SERVICE_ACCOUNT_DIR } from '../kube/connection.ts'
import type { KubeConnection } from '../kube/kube-connection.ts'
import type { LeaseDurations } from '../kube/lease-record.ts'
import { type Clock, sleep, systemClock } from '../lib/clock.ts'
import { createEntries } from './credentials/create-entries.ts'
import { createMetrics } from './report/metrics.ts'
import { runHelper } from './run-helper.ts'

const ADDRESS = /^(\[[0-9a-fA-F:]+\]|[^\s:]+):\d{1,5}$/

/** Parses the arguments of the chart's Deployment. @throws HELPER_ARGUMENTS */
export function readHelperArguments(argv: readonly string[]) {
  const text = { type: 'string' } as const
  const options = {
    config: text,
    'secrets-dir': text,
    'serviceaccount-dir': text,
    'oidc-token-file': text,
    'http-address': text,
  } as const
  const { config, ...values } = parse(() => parseArgs({ args: [...argv], options }).values)
  if (config === undefined) throw new NopassError('HELPER_ARGUMENTS', '--config is missing')
  return {
    config,
    secretsDir: values['secrets-dir'] ?? '/etc/acr-nopass/secrets',
    serviceAccountDir: values['serviceaccount-dir'] ?? SERVICE_ACCOUNT_DIR,
    oidcTokenFile: values['oidc-token-file'],
    httpAddress: address('--http-address', values['http-address']),
  }
}

function parse<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw new NopassError('HELPER_ARGUMENTS', toNopassError(error).message)
  }
}

function address(name: string, value: string | undefined): string | undefined {
  if (value === undefined) return undefined
  // In a bare IPv6 address of a Pod, the last part is the port.
  const bare = /^([0-9a-fA-F:]*:[0-9a-fA-F:]*):(\d{1,5})$/.exec(value)
  const text = bare ? `[${bare[1]}]:${bare[2]}` : value
  if (!ADDRESS.test(text)) throw new NopassError('HELPER_ARGUMENTS', `${name} is not host:port: ${value}`)
  return text
}

export interface HelperLaunch {
  readonly argument: ReturnType<typeof readHelperArguments>
  readonly connection: KubeConnection
  readonly environment: NodeJS.ProcessEnv
  readonly version: string
  readonly podName: string
  readonly log: Logger
  /** The clock for all waits and durations. Default: this machine's clock. */
  readonly time?: Clock
  readonly leaseDurations?: LeaseDurations
}

/**
 * Wires the helper to this machine's clocks, files and network, and runs it until the signal
 * aborts. Rejects as `runHelper` does.
 */
export async function launchHelper(launch: HelperLaunch, signal: AbortSignal): Promise<void> {
  const { argument, environment, version, podName, log, time = systemClock, leaseDurations } = launch
  const clock = createCloudClock(systemClock)
  const metrics = createMetrics()
  const userAgent = `acr-nopass/${version}`
  const transport = createCloudTransport({
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
        ...(leaseDurations && { leaseDurations }),
      },
      signal,
    )
  } finally {
    client.close()
  }
}
