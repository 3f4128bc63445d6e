import { get, type IncomingMessage } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { V1Container, V1Probe } from '@kubernetes/client-node'

interface HealthWatch {
  readonly podIp: string
  readonly recordEvent: (type: 'Normal' | 'Warning', reason: string, message: string) => void
  readonly onHealth: (health: { readonly ready: boolean; readonly started: boolean }) => void
  /** Called when the container has to be restarted because a startup or liveness probe failed. */
  readonly onUnhealthy: (probe: 'startup' | 'liveness') => void
}

/**
 * Runs a container's probes until the signal aborts: first startup, then liveness and readiness.
 * Never rejects.
 */
export async function watchHealth(container: V1Container, watch: HealthWatch, signal: AbortSignal): Promise<void> {
  const { startupProbe, livenessProbe, readinessProbe } = container

  /**
   * Calls `onVerdict` for each change of the verdict, after as many results in a row as the
   * threshold requires.
   */
  async function run(kind: string, of: V1Probe, onVerdict: (ok: boolean) => void, until: AbortSignal): Promise<void> {
    const { periodSeconds = 10, failureThreshold = 3 } = of
    let verdict: boolean | undefined
    for (let failures = 0; ; await sleep(periodSeconds * 1000, undefined, { signal: until })) {
      const failure = await probeOnce(of, container, watch.podIp, until)
      until.throwIfAborted()
      failures = failure === undefined ? 0 : failures + 1
      if (failure !== undefined) watch.recordEvent('Warning', 'Unhealthy', `${kind} probe failed: ${failure}`)
      const ok = failure === undefined
      if (verdict === ok || (!ok && failures < failureThreshold)) continue
      verdict = ok
      onVerdict(ok)
    }
  }
  const probe = (...args: Parameters<typeof run>): Promise<void> => run(...args).catch(() => undefined)

  if (startupProbe) {
    watch.onHealth({ ready: false, started: false })
    const started = new AbortController()
    const until = AbortSignal.any([signal, started.signal])
    await probe('Startup', startupProbe, (ok) => (ok ? started.abort() : watch.onUnhealthy('startup')), until)
    if (signal.aborted) return
  }
  watch.onHealth({ ready: !readinessProbe, started: true })
  await Promise.all([
    livenessProbe && probe('Liveness', livenessProbe, (ok) => ok || watch.onUnhealthy('liveness'), signal),
    readinessProbe && probe('Readiness', readinessProbe, (ready) => watch.onHealth({ ready, started: true }), signal),
  ])
}

/**
 * Returns undefined if the container is healthy, else the failure in the words of the kubelet's
 * Events.
 */
async function probeOnce(
  { httpGet: action, timeoutSeconds = 1 }: V1Probe,
  { ports = [] }: V1Container,
  host: string,
  until: AbortSignal,
): Promise<string | undefined> {
  if (!action) return 'this node supports only httpGet probes'
  const port = ports.find(({ name }) => name === action.port)?.containerPort ?? action.port
  const signal = AbortSignal.any([until, AbortSignal.timeout(timeoutSeconds * 1000)])
  try {
    const { statusCode = 0 } = await new Promise<IncomingMessage>((resolve, reject) => {
      const options = { host, port, path: action.path ?? '/', agent: false, signal }
      get(options, (response) => resolve(response.resume())).on('error', reject)
    })
    return statusCode >= 200 && statusCode < 400 ? undefined : `HTTP probe failed with statuscode: ${statusCode}`
  } catch (error) {
    return `HTTP probe failed: ${(error as Error).message}`
  }
}
