import { randomUUID } from 'node:crypto'
import { constants } from 'node:os'
import { join } from 'node:path'
import { type Clock, sleep } from '../../../lib/clock.ts'
import type { Container, ContainerState, ContainerStatus, Terminated } from '../../cluster/pod.ts'
import type { Child, ExitState } from '../../process/child.ts'
import type { Run } from '../../process/run.ts'
import { type CommandContext, containerCommand, findImage, type Images } from './container-command.ts'
import { watchHealth } from './probe.ts'
import { MissingSource } from './source-cache.ts'

export interface RunnerContext extends Omit<CommandContext, 'entrypoint'> {
  readonly run: Run
  readonly clock: Clock
  readonly images: Images
  /** Holds the logs. */
  readonly folder: string
  readonly user: { readonly uid: number; readonly gid: number } | undefined
  readonly backOffMs: number
  readonly tell: (type: 'Normal' | 'Warning', reason: string, message: string) => void
  /** The container's status has changed. */
  readonly onChange: () => void
}

export interface ContainerRunner {
  readonly container: Container
  status(): ContainerStatus
  /** Starts the container, and restarts it by the Pod's restart policy; returns when it must not run again. */
  run(signal: AbortSignal): Promise<void>
  /** The running process, which leads its process group. */
  pid(): number | undefined
  /** For faults: sends a signal to the running process and its children; false if none runs. */
  signal(name: NodeJS.Signals): boolean
  stop(graceMs: number): Promise<void>
  /** Of this run, or of the previous one. */
  logFile(previous?: boolean): string
}

/** Runs one container of a Pod as child processes, one after the other. */
export function createContainerRunner(container: Container, context: RunnerContext): ContainerRunner {
  const { clock, tell, pod, folder } = context
  const backOff = createBackOff(context.backOffMs)
  const imageBackOff = createBackOff(context.backOffMs)
  const policy = pod.spec.restartPolicy ?? 'Always'
  let state: ContainerState = { waiting: { reason: 'ContainerCreating' } }
  let lastState: ContainerStatus['lastState'] = {}
  let restartCount = 0
  let child: Child | undefined
  let health = { ready: false, started: false }
  let imageId = ''
  let containerId = ''

  const change = (next: ContainerState): void => {
    state = next
    if (!('running' in next)) health = { ready: false, started: false }
    context.onChange()
  }
  const wait = (reason: string, message: string): void => change({ waiting: { reason, message } })
  async function start(signal: AbortSignal): Promise<Child> {
    for (;;) {
      const image = findImage(context.images, container.image)
      if (!image) {
        const message = `image "${container.image}" is not on this node`
        tell('Warning', 'Failed', `Failed to pull image "${container.image}": ${message}`)
        wait('ErrImagePull', message)
        const ms = imageBackOff.next(0)
        if (ms > 0) wait('ImagePullBackOff', `Back-off pulling image "${container.image}"`)
        await sleep(clock, Math.max(ms, 1000), signal)
        continue
      }
      try {
        imageId = image.imageId
        const command = containerCommand(container, { ...context, entrypoint: image.entrypoint })
        const started = await context.run.start({
          name: `${pod.metadata.name}/${container.name}`,
          logFile: logFile(restartCount),
          cwd: folder,
          ...context.user,
          ...command,
        })
        containerId = `process://${randomUUID()}`
        return started
      } catch (error) {
        signal.throwIfAborted()
        const reason = error instanceof MissingSource ? 'CreateContainerConfigError' : 'RunContainerError'
        const message = (error as Error).message
        if (!('waiting' in state) || state.waiting.message !== message) tell('Warning', 'Failed', `Error: ${message}`)
        wait(reason, message)
        await sleep(clock, 1000, signal)
      }
    }
  }

  async function runOnce(signal: AbortSignal): Promise<Terminated> {
    child = await start(signal)
    // The Pod may have ended in the meantime.
    if (signal.aborted) await child.stop(0)
    const startedAt = new Date(clock.now()).toISOString()
    change({ running: { startedAt } })
    tell('Normal', 'Started', 'Container started')
    const end = new AbortController()
    const watching = watchHealth(
      container,
      {
        podIp: context.place.podIp,
        clock,
        tell,
        onHealth: (next) => {
          health = next
          context.onChange()
        },
        onUnhealthy: (probe) => {
          tell('Normal', 'Killing', `Container ${container.name} failed ${probe} probe, will be restarted`)
          void child?.stop((pod.spec.terminationGracePeriodSeconds ?? 30) * 1000)
        },
      },
      end.signal,
    )
    const exit = await child.exited
    end.abort()
    await watching
    child = undefined
    return terminated(exit, startedAt, new Date(clock.now()).toISOString(), containerId)
  }

  const logFile = (index: number): string => join(folder, `${container.name}-${index}.log`)

  return {
    container,
    status: () => ({
      name: container.name,
      image: container.image,
      imageID: imageId,
      ...(containerId && { containerID: containerId }),
      ready: health.ready,
      started: health.started,
      restartCount,
      state,
      lastState,
    }),
    async run(signal) {
      for (;;) {
        const begin = clock.monotonic()
        const ended = await runOnce(signal)
        change({ terminated: ended })
        const again = policy === 'Always' || (policy === 'OnFailure' && ended.exitCode !== 0)
        if (signal.aborted || !again) return
        const ms = backOff.next(clock.monotonic() - begin)
        lastState = { terminated: ended }
        if (ms > 0) {
          tell(
            'Warning',
            'BackOff',
            `Back-off restarting failed container ${container.name} in pod ${pod.metadata.name}`,
          )
          wait('CrashLoopBackOff', `back-off ${ms / 1000}s restarting failed container=${container.name}`)
          await sleep(clock, ms, signal)
        }
        restartCount += 1
      }
    },
    pid: () => child?.id.pid,
    signal: (name) => child?.signal(name, true) ?? false,
    stop: async (graceMs) => void (await child?.stop(graceMs)),
    logFile: (previous = false) => logFile(previous ? Math.max(0, restartCount - 1) : restartCount),
  }
}

function terminated(exit: ExitState, startedAt: string, finishedAt: string, containerID: string): Terminated {
  const signal = exit.signal === null ? undefined : constants.signals[exit.signal]
  const exitCode = exit.code ?? 128 + (signal ?? 0)
  return {
    exitCode,
    ...(signal !== undefined && { signal }),
    reason: exitCode === 0 ? 'Completed' : 'Error',
    startedAt,
    finishedAt,
    containerID,
  }
}

/** How long a container waits before its next start, as in the kubelet. */
export interface BackOff {
  /** Milliseconds until the next start, after a run of `ranMs`. */
  next(ranMs: number): number
}

const CALM_MS = 10 * 60_000

/** Immediately after the first exit, then `firstMs` doubling to five minutes; reset after ten minutes of running. */
export function createBackOff(firstMs: number, longestMs = 300_000): BackOff {
  let wait = 0
  return {
    next(ranMs) {
      if (ranMs >= CALM_MS) wait = 0
      const now = wait
      wait = wait === 0 ? firstMs : Math.min(wait * 2, longestMs)
      return now
    },
  }
}
