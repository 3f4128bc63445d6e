import { randomUUID } from 'node:crypto'
import { constants } from 'node:os'
import { join } from 'node:path'
import type { V1Container } from '@kubernetes/client-node'
import { type Clock, sleep } from '../../../lib/clock.ts'
import type { ContainerState, ContainerStatus, Terminated } from '../../cluster/pod.ts'
import type { Child, ExitState } from '../../process/child.ts'
import type { Run } from '../../process/run.ts'
import { type CommandContext, containerCommand, findImage, type Images } from './container-command.ts'
import { MissingSource } from './pod-sources.ts'
import { watchHealth } from './probe.ts'

export interface RunnerContext extends Omit<CommandContext, 'entrypoint'> {
  readonly run: Run
  readonly clock: Clock
  readonly images: Images
  /** The folder of the logs. */
  readonly folder: string
  readonly user: { readonly uid: number; readonly gid: number } | undefined
  readonly backOffMs: number
  readonly recordEvent: (type: 'Normal' | 'Warning', reason: string, message: string) => void
  /** Called when the container's status has changed. */
  readonly onChange: () => void
}

export interface ContainerRunner {
  readonly container: V1Container
  status(): ContainerStatus
  /** Starts the container and restarts it according to the Pod's policy; resolves when it is not restarted again. */
  run(signal: AbortSignal): Promise<void>
  /** The id of the running process and of its process group. */
  pid(): number | undefined
  /** Sends a signal to the running process and its children; returns false if none is running. */
  signal(name: NodeJS.Signals): boolean
  stop(graceMs: number): Promise<void>
  /** The log of the current run or the previous one. */
  logFile(previous?: boolean): string
}

/** Creates a runner that runs a container of a Pod as a child process, restarted as needed. */
export function createContainerRunner(container: V1Container, context: RunnerContext): ContainerRunner {
  const { clock, recordEvent, pod, folder } = context
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
        recordEvent('Warning', 'Failed', `Failed to pull image "${container.image}": ${message}`)
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
        if (!('waiting' in state) || state.waiting.message !== message)
          recordEvent('Warning', 'Failed', `Error: ${message}`)
        wait(reason, message)
        await sleep(clock, 1000, signal)
      }
    }
  }

  async function runOnce(signal: AbortSignal): Promise<Terminated> {
    child = await start(signal)
    // The Pod may have been deleted in the meantime.
    if (signal.aborted) await child.stop(0)
    const startedAt = new Date(clock.now()).toISOString()
    change({ running: { startedAt } })
    recordEvent('Normal', 'Started', 'Container started')
    const end = new AbortController()
    const watching = watchHealth(
      container,
      {
        podIp: context.addresses.podIp,
        clock,
        recordEvent,
        onHealth: (next) => {
          health = next
          context.onChange()
        },
        onUnhealthy: (probe) => {
          recordEvent('Normal', 'Killing', `Container ${container.name} failed ${probe} probe, will be restarted`)
          void child?.stop((pod.spec.terminationGracePeriodSeconds ?? 30) * 1000)
        },
      },
      end.signal,
    )
    const exit = await child.exited
    end.abort()
    await watching
    child = undefined
    return terminatedState(exit, startedAt, new Date(clock.now()).toISOString(), containerId)
  }

  const logFile = (index: number): string => join(folder, `${container.name}-${index}.log`)

  return {
    container,
    status: () => ({
      name: container.name,
      image: container.image ?? '',
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
        const terminated = await runOnce(signal)
        change({ terminated })
        const restarts = policy === 'Always' || (policy === 'OnFailure' && terminated.exitCode !== 0)
        if (signal.aborted || !restarts) return
        const ms = backOff.next(clock.monotonic() - begin)
        lastState = { terminated }
        if (ms > 0) {
          recordEvent(
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

function terminatedState(exit: ExitState, startedAt: string, finishedAt: string, containerID: string): Terminated {
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

/** The delay before a container is restarted, as in the kubelet. */
export interface BackOff {
  /** Returns the milliseconds until the next start after a run of `ranMs`. */
  next(ranMs: number): number
}

const RESET_AFTER_MS = 10 * 60_000

/** The first delay is 0, then `firstMs` doubling to five minutes; ten minutes of running reset it. */
export function createBackOff(firstMs: number, maxMs = 300_000): BackOff {
  let delay = 0
  return {
    next(ranMs) {
      if (ranMs >= RESET_AFTER_MS) delay = 0
      const current = delay
      delay = delay === 0 ? firstMs : Math.min(delay * 2, maxMs)
      return current
    },
  }
}
