import { constants } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type {
  V1Container,
  V1ContainerState,
  V1ContainerStateTerminated,
  V1ContainerStatus,
} from '@kubernetes/client-node'
import type { Child, ExitState } from '../../../tools/process/child.ts'
import type { Run } from '../../../tools/process/run.ts'
import { type CommandContext, containerCommand, findImage, type Images } from './container-command.ts'
import { watchHealth } from './probe.ts'

interface RunnerContext extends Omit<CommandContext, 'entrypoint'> {
  readonly run: Run
  readonly images: Images
  /** The folder of the logs. */
  readonly folder: string
  readonly backOffMs: number
  readonly recordEvent: (type: 'Normal' | 'Warning', reason: string, message: string) => void
  /** Called when the container's status has changed. */
  readonly onChange: () => void
}

export type ContainerRunner = ReturnType<typeof createContainerRunner>

/**
 * Creates a runner that runs the container of a Pod as a child process, restarted whenever it
 * exits.
 */
export function createContainerRunner(container: V1Container, context: RunnerContext) {
  const { recordEvent, pod, folder, backOffMs } = context
  const { image = '' } = container
  let state: V1ContainerState = { waiting: { reason: 'ContainerCreating' } }
  let lastState: V1ContainerState = {}
  let restartCount = 0
  let child: Child | undefined
  let health = { ready: false, started: false }
  let imageId = ''

  const change = (next: V1ContainerState): void => {
    state = next
    if (!next.running) health = { ready: false, started: false }
    context.onChange()
  }
  const wait = (reason: string, message: string): void => change({ waiting: { reason, message } })

  async function start(signal: AbortSignal): Promise<Child> {
    for (;;) {
      const entrypoint = findImage(context.images, image)
      try {
        if (!entrypoint) throw new Error(`image "${image}" is not on this node`)
        imageId = image
        const command = containerCommand(container, { ...context, entrypoint })
        const name = `${pod.metadata.name}/${container.name}`
        return await context.run.start({ name, logFile: logFile(), cwd: folder, ...command })
      } catch (error) {
        signal.throwIfAborted()
        const { message } = error as Error
        if (state.waiting?.message !== message) recordEvent('Warning', 'Failed', `Error: ${message}`)
        wait(entrypoint ? 'RunContainerError' : 'ErrImagePull', message)
        await sleep(1000, undefined, { signal })
      }
    }
  }

  async function runOnce(signal: AbortSignal): Promise<V1ContainerStateTerminated> {
    child = await start(signal)
    // The Pod may have been deleted in the meantime.
    if (signal.aborted) await child.stop(0)
    const startedAt = new Date()
    change({ running: { startedAt } })
    recordEvent('Normal', 'Started', 'Container started')
    const end = new AbortController()
    const watching = watchHealth(
      container,
      {
        podIp: context.podIp,
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
    return terminatedState(exit, { startedAt, finishedAt: new Date() })
  }

  /** The log of the current run. Between two runs, the log of the last run. */
  const logFile = (): string => join(folder, `${container.name}-${restartCount}.log`)

  return {
    container,
    status: (): V1ContainerStatus => ({
      name: container.name,
      image,
      imageID: imageId,
      ready: health.ready,
      started: health.started,
      restartCount,
      state,
      lastState,
    }),
    /** Runs the container until the signal aborts. */
    async run(signal: AbortSignal): Promise<void> {
      for (;;) {
        const terminated = await runOnce(signal)
        change({ terminated })
        if (signal.aborted) return
        lastState = { terminated }
        // The first restart is immediate.
        if (restartCount > 0) {
          const message = `Back-off restarting failed container ${container.name} in pod ${pod.metadata.name}`
          recordEvent('Warning', 'BackOff', message)
          wait('CrashLoopBackOff', `back-off ${backOffMs / 1000}s restarting failed container=${container.name}`)
          await sleep(backOffMs, undefined, { signal })
        }
        restartCount += 1
      }
    },
    /** Sends a signal to the running process and its children; returns false if none is running. */
    signal: (name: NodeJS.Signals): boolean => child?.signal(name, true) ?? false,
    stop: async (graceMs: number): Promise<void> => void (await child?.stop(graceMs)),
    logFile,
  }
}

function terminatedState(exit: ExitState, rest: Partial<V1ContainerStateTerminated>): V1ContainerStateTerminated {
  const signal = exit.signal === null ? undefined : constants.signals[exit.signal]
  const exitCode = exit.code ?? 128 + (signal ?? 0)
  return { exitCode, ...(signal !== undefined && { signal }), reason: exitCode === 0 ? 'Completed' : 'Error', ...rest }
}
