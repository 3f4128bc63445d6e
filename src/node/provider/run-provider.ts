import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { uptime } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { createCloudClock } from '../../alibaba/transport/cloud-clock.ts'
import { createCloudTransport } from '../../alibaba/transport/cloud-transport.ts'
import { createHttpSender } from '../../alibaba/transport/http-sender.ts'
import { formatIds, NopassError, toNopassError } from '../../errors.ts'
import { systemClock } from '../../lib/clock.ts'
import { parseObject } from '../../lib/json.ts'
import { orElse } from '../../lib/or-else.ts'
import { VERSION } from '../../version.ts'
import { NODE_CONFIG_VERSION, type NodeConfig } from '../node-config.ts'
import { answerRequest } from './answer-request.ts'
import { createFetchLogin } from './fetch-login.ts'
import { openLoginStore } from './login-store.ts'
import { readRequest } from './provider-request.ts'
import { renderResponse } from './provider-response.ts'

export interface ProviderLaunch {
  /** The arguments of the kubelet's configuration. */
  readonly argv: readonly string[]
  readonly input: AsyncIterable<Uint8Array | string>
  /** Contains the variables of proxies. */
  readonly env: NodeJS.ProcessEnv
  readonly pid: number
  readonly uid: number
}

/** What the kubelet gets. It shows the text of `stderr` only if `code` is not 0. */
export interface ProviderResult {
  readonly stdout: string
  readonly stderr: string
  readonly code: 0 | 1
}

/** A tmpfs of every Linux with systemd. A restart of the machine empties it. */
const CACHE_FOLDER = '/run/acr-nopass'

/** Answers one request of the kubelet. Never rejects. */
export async function runProvider(launch: ProviderLaunch, signal: AbortSignal): Promise<ProviderResult> {
  try {
    const { config: file, 'cache-dir': folder } = readArguments(launch.argv)
    const config = readConfig(file)
    const request = readRequest(await readAll(launch.input, signal))
    const boot = orElse(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(), '')
    const time = () => ({ boot, uptime: uptime() * 1000 })
    const transport = createCloudTransport({
      send: createHttpSender({ proxyEnv: launch.env, ca: config.caBundle }),
      clock: createCloudClock(systemClock),
      random: Math.random,
      nonce: randomUUID,
      sleep: (milliseconds, wait) => sleep(milliseconds, undefined, { ...(wait && { signal: wait }) }),
      userAgent: `acr-nopass/${VERSION}`,
    })
    const login = await answerRequest(
      request,
      {
        config,
        // Without the id of the boot, times in the store would mean nothing after a restart.
        store: boot === '' ? undefined : openLoginStore(folder, launch.pid, launch.uid),
        fetchLogin: createFetchLogin({ config, transport, random: Math.random }),
        time,
        cloudNow: transport.clock.now,
        startedAt: time().uptime - performance.now(),
        sleep: (milliseconds) => sleep(milliseconds),
      },
      signal,
    )
    return { stdout: renderResponse(login), stderr: '', code: 0 }
  } catch (error) {
    return { stdout: '', stderr: renderFailure(toNopassError(error)), code: 1 }
  }
}

/** Without a line feed, because it becomes a part of a line in the kubelet's log. */
function renderFailure(failure: NopassError): string {
  const ids = formatIds(failure)
  return `${failure.code}: ${failure.message}${ids && ` (${ids})`}; fix: ${failure.hint}`
}

function readArguments(argv: readonly string[]) {
  const text = { type: 'string' } as const
  const { values } = orElse(
    () => parseArgs({ args: [...argv], allowPositionals: true, options: { config: text, 'cache-dir': text } }),
    { values: {} as { config?: string; 'cache-dir'?: string } },
  )
  const { config } = values
  if (config === undefined) throw new NopassError('NODE_CONFIG_INVALID', 'the argument --config FILE is missing')
  return { config, 'cache-dir': values['cache-dir'] ?? CACHE_FOLDER }
}

/** The file is generated, so only its version is checked. */
function readConfig(file: string): NodeConfig {
  const config = parseObject(orElse(() => readFileSync(file, 'utf8'), ''))
  if (config?.version === NODE_CONFIG_VERSION && Array.isArray(config.registries))
    return config as unknown as NodeConfig
  throw new NopassError('NODE_CONFIG_INVALID', `${file} cannot be read, or belongs to another version of acr-nopass`)
}

/** The kubelet's requests are some kilobytes long. */
const LONGEST_REQUEST = 1024 * 1024

/** The kubelet writes the request at once. The deadline may be over when this process starts. */
const GRACE_MS = 100

async function readAll(input: ProviderLaunch['input'], signal: AbortSignal): Promise<string> {
  const chunks: Buffer[] = []
  const read = async (): Promise<string> => {
    let size = 0
    for await (const chunk of input) {
      const bytes = Buffer.from(chunk)
      size += bytes.length
      if (size > LONGEST_REQUEST) throw new NopassError('NODE_REQUEST_INVALID', 'the request is too long')
      chunks.push(bytes)
    }
    return Buffer.concat(chunks).toString()
  }
  const never = new Promise<never>((_resolve, reject) => {
    const refuse = () => reject(new NopassError('NODE_REQUEST_INVALID', 'the request does not end'))
    signal.addEventListener('abort', () => setTimeout(refuse, GRACE_MS).unref())
  })
  return Promise.race([read(), never])
}
