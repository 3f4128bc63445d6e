import type { Clock } from '../../../lib/clock.ts'
import type { Container, Probe } from '../../cluster/pod.ts'
import { runProbe } from './probe.ts'

interface Health {
  readonly ready: boolean
  readonly started: boolean
}

export interface HealthWatch {
  readonly podIp: string
  readonly clock: Clock
  readonly tell: (type: 'Normal' | 'Warning', reason: string, message: string) => void
  readonly onHealth: (health: Health) => void
  /** A startup or liveness probe has failed for good: the container has to be restarted. */
  readonly onUnhealthy: (probe: 'startup' | 'liveness') => void
}

/** Runs a container's probes until the signal ends it: liveness and readiness only after startup. Never rejects. */
export async function watchHealth(container: Container, watch: HealthWatch, signal: AbortSignal): Promise<void> {
  const { startupProbe, livenessProbe, readinessProbe } = container
  const probe = (kind: string, of: Probe, onVerdict: (healthy: boolean) => void, until: AbortSignal): Promise<void> =>
    runProbe(
      of,
      { container, podIp: watch.podIp },
      {
        verdict: onVerdict,
        failure: (message) => watch.tell('Warning', 'Unhealthy', `${kind} probe failed: ${message}`),
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
