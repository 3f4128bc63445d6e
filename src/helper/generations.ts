import { toNopassError } from '../errors.ts'
import { type LoadedConfig, loadConfig } from '../installation/load-config.ts'
import type { HelperConfig } from '../values/generated/helper-config.ts'
import type { Generation } from './generation.ts'
import type { Log } from './report/event-reporter.ts'

export interface GenerationsOptions {
  readonly first: LoadedConfig
  /**
   * Creates the generation for a configuration. `before` is the previous generation, whose
   * credentials are carried over.
   */
  readonly open: (loaded: LoadedConfig, before?: Generation) => Generation
  readonly log: Log
  /**
   * Called after a new configuration is in use. `isForNewPods`: the configuration needs new Pods,
   * and is only used because it retires the helper.
   */
  readonly onReloaded: (isForNewPods: boolean) => void
  readonly isStopped: () => boolean
}

export const DRAIN_MS = 10_000

/** Runs one generation at a time, and replaces the generation when the configuration changes. */
export function createGenerations(options: GenerationsOptions) {
  const { first, open, log } = options
  let current = open(first)
  let stop = new AbortController()

  function begin(): void {
    current.run(stop.signal).catch((error: unknown) => log.error({ error: String(error) }, 'the caches stopped'))
  }

  return {
    get current() {
      return current
    },
    begin,
    /** Call when this replica acquires the lease: the current generation starts to write. */
    async lead(): Promise<Generation> {
      const leading = current
      await leading.lead(stop.signal)
      return leading
    },
    /**
     * Replaces the configuration. If the new configuration cannot be used, the present one stays in
     * use.
     */
    async reload(text: string): Promise<void> {
      try {
        const loaded = loadConfig(text)
        const isForNewPods = needsNewPod(loaded.config.identity, first.config.identity)
        // A retiring configuration is used at once, because it needs no credential and its new Pods
        // may never start.
        if (isForNewPods && !loaded.config.retire) {
          log.info(
            { configHash: loaded.hash },
            'the new configuration needs a new Pod; this Pod keeps its old configuration',
          )
          return
        }
        const before = current
        // Create the new generation before the old one stops, so that an error leaves the old one
        // running.
        const opened = open(loaded, before)
        await before.drain(DRAIN_MS)
        if (options.isStopped()) return
        stop.abort()
        stop = new AbortController()
        current = opened
        begin()
        log.info({ configHash: loaded.hash }, 'the configuration was reloaded')
        options.onReloaded(isForNewPods)
      } catch (error) {
        const { code, message } = toNopassError(error)
        log.error({ code }, `the last good configuration stays in use: ${message}`)
      }
    },
    stop(): void {
      stop.abort()
    },
  }
}

/**
 * True if the access key or the ECI role changes. A Pod that has the old key or role cannot prove
 * the new configuration, but would report it as proven.
 */
function needsNewPod(next: HelperConfig['identity'], own: HelperConfig['identity']): boolean {
  const [secret, role] = [own.accessKey?.existingSecret, own.workerRole?.eciRoleName]
  return next.type === own.type && (next.accessKey?.existingSecret !== secret || next.workerRole?.eciRoleName !== role)
}
