import { get as httpGet, type RequestOptions } from 'node:http'
import { get as httpsGet } from 'node:https'
import type { V1Container, V1Probe } from '@kubernetes/client-node'
import { type Clock, sleep } from '../../../lib/clock.ts'

/** Undefined if healthy, else the failure as in the kubelet's Events. */
type ProbeResult = string | undefined

/**
 * Probes periodically until the signal aborts. Calls `on.failure` for each failure and `on.verdict` for each change of
 * the verdict, which needs as many consecutive results as the thresholds require.
 */
async function runProbe(
  probe: V1Probe,
  target: { container: V1Container; podIp: string },
  on: { verdict: (healthy: boolean) => void; failure: (message: string) => void },
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  const { periodSeconds = 10, successThreshold = 1, failureThreshold = 3, initialDelaySeconds = 0 } = probe
  let verdict: boolean | undefined
  let streak = 0
  let last: boolean | undefined
  await sleep(clock, initialDelaySeconds * 1000, signal)
  for (;;) {
    const failure = await probeOnce(probe, target, signal)
    signal.throwIfAborted()
    const healthy = failure === undefined
    streak = healthy === last ? streak + 1 : 1
    last = healthy
    if (failure !== undefined) on.failure(failure)
    if (verdict !== healthy && streak >= (healthy ? successThreshold : failureThreshold)) {
      verdict = healthy
      on.verdict(healthy)
    }
    await sleep(clock, periodSeconds * 1000, signal)
  }
}

async function probeOnce(
  probe: V1Probe,
  target: { container: V1Container; podIp: string },
  signal: AbortSignal,
): Promise<ProbeResult> {
  const { httpGet: action, timeoutSeconds = 1 } = probe
  if (!action) return 'this node supports only httpGet probes'
  const loopback = action.host === '127.0.0.1' || action.host === 'localhost'
  const options: RequestOptions & { rejectUnauthorized: boolean } = {
    host: action.host === undefined || loopback ? target.podIp : action.host,
    port: portNumber(action.port, target.container),
    path: action.path ?? '/',
    agent: false,
    rejectUnauthorized: false,
    signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutSeconds * 1000)]),
  }
  try {
    const status = await request(action.scheme === 'HTTPS' ? httpsGet : httpGet, options)
    return status >= 200 && status < 400 ? undefined : `HTTP probe failed with statuscode: ${status}`
  } catch (error) {
    return `HTTP probe failed: ${(error as Error).message}`
  }
}

function request(get: typeof httpGet, options: RequestOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    get(options, (response) => {
      response.resume()
      resolve(response.statusCode ?? 0)
    }).on('error', reject)
  })
}

function portNumber(port: number | string, container: V1Container): number {
  if (typeof port === 'number') return port
  return container.ports?.find(({ name }) => name === port)?.containerPort ?? Number(port)
}

interface Health {
  readonly ready: boolean
  readonly started: boolean
}

export interface HealthWatch {
  readonly podIp: string
  readonly clock: Clock
  readonly recordEvent: (type: 'Normal' | 'Warning', reason: string, message: string) => void
  readonly onHealth: (health: Health) => void
  /** Called when the container has to be restarted because a startup or liveness probe failed. */
  readonly onUnhealthy: (probe: 'startup' | 'liveness') => void
}

/** Runs a container's probes until the signal aborts: first startup, then liveness and readiness. Never rejects. */
export async function watchHealth(container: V1Container, watch: HealthWatch, signal: AbortSignal): Promise<void> {
  const { startupProbe, livenessProbe, readinessProbe } = container
  const probe = (kind: string, of: V1Probe, onVerdict: (healthy: boolean) => void, until: AbortSignal): Promise<void> =>
    runProbe(
      of,
      { container, podIp: watch.podIp },
      {
        verdict: onVerdict,
        failure: (message) => watch.recordEvent('Warning', 'Unhealthy', `${kind} probe failed: ${message}`),
      },
      watch.clock,
      until,
    ).catch(() => undefined)

  if (startupProbe) {
    watch.onHealth({ ready: false, started: false })
    const started = new AbortController()
    const until = AbortSignal.any([signal, started.signal])
    await probe('Startup', startupProbe, (ok) => (ok ? started.abort() : watch.onUnhealthy('startup')), until)
    if (signal.aborted) return
  }
  watch.onHealth({ ready: !readinessProbe, started: true })
  const onLiveness = (ok: boolean): void => {
    if (!ok) watch.onUnhealthy('liveness')
  }
  await Promise.all([
    livenessProbe && probe('Liveness', livenessProbe, onLiveness, signal),
    readinessProbe && probe('Readiness', readinessProbe, (ready) => watch.onHealth({ ready, started: true }), signal),
  ])
}
