import { toNopassError } from '../errors.ts'
import { type LoadedConfig, loadConfig } from '../installation/load-config.ts'
import type { HelperConfig } from '../values/generated/helper-config.ts'
import type { Generation } from './generation.ts'
import type { Log } from './report/event-reporter.ts'

export interface GenerationsOptions {
  readonly first: LoadedConfig
  /** Creates what works under a configuration, with the credentials of the one before. */
  readonly open: (loaded: LoadedConfig, before?: Generation) => Generation
  readonly log: Log
  /** Another configuration is in use; `isForNewPods`: only because it retires. */
  readonly onReloaded: (isForNewPods: boolean) => void
  readonly isStopped: () => boolean
}

export const DRAIN_MS = 10_000

/** The helper's work under one configuration after the other. */
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
    /** This replica leads: the generation takes over. */
    async lead(): Promise<Generation> {
      const leading = current
      await leading.lead(stop.signal)
      return leading
    },
    /** Replaces the configuration; one that cannot be used leaves the present one in use. */
    async reload(text: string): Promise<void> {
      try {
        const loaded = loadConfig(text)
        const isForNewPods = needsNewPod(loaded.config.identity, first.config.identity)
        // A retiring helper needs no credential, and the new Pods may never start.
        if (isForNewPods && !loaded.config.retire) {
          log.info(
            { configHash: loaded.hash },
            'the new configuration needs a new Pod; this Pod keeps its old configuration',
          )
          return
        }
        const before = current
        // The new generation is created first, because an error in it must not end the one that
        // works.
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
 * Whether it is another key or ECI role. A Pod with the old one would report the new configuration
 * as proven.
 */
function needsNewPod(next: HelperConfig['identity'], own: HelperConfig['identity']): boolean {
  const [secret, role] = [own.accessKey?.existingSecret, own.workerRole?.eciRoleName]
  return next.type === own.type && (next.accessKey?.existingSecret !== secret || next.workerRole?.eciRoleName !== role)
}
