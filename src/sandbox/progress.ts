import { setInterval } from 'node:timers'
import { formatDuration } from '../lib/format-duration.ts'

export interface StepHandle {
  /** Replaces the text of the step, such as `312 packages, about 40 s left`. */
  update(text: string): void
}

/** Shows the steps of a command and how long they take. Steps may be concurrent and nested. */
export interface Progress {
  step<T>(title: string, work: (step: StepHandle) => Promise<T>): Promise<T>
  note(text: string): void
}

/** The output; `columns` is the width of a terminal. */
export interface ProgressStream {
  readonly columns?: number | undefined
  write(text: string): unknown
}

export interface ProgressOptions {
  /** Print plain lines, for a log, instead of lines that change in place, for a terminal. */
  readonly plain: boolean
  /** A clock in milliseconds with any origin. */
  readonly now?: () => number
  /** Calls `tick` about every `ms` until the returned function is called. */
  readonly every?: (ms: number, tick: () => void) => () => void
}

interface RunningStep {
  readonly title: string
  readonly since: number
  text: string
  shown: number
}

const LIVE_MS = 200
const PLAIN_FIRST_MS = 1_000
const PLAIN_AGAIN_MS = 15_000

/** Whether to print plain lines: if the output is not a terminal or `CI` is set. */
export function wantsPlain(isTerminal: boolean, ci: string | undefined): boolean {
  return !isTerminal || (ci !== undefined && ci !== '' && ci !== 'false')
}

/** Running steps change in place; with `plain` each prints a line after 1 s, every 15 s and at its end. */
export function createProgress(stream: ProgressStream, options: ProgressOptions): Progress {
  const now = options.now ?? (() => performance.now())
  const every = options.every ?? everyInterval
  const running = new Set<RunningStep>()
  const painter = options.plain ? plainPainter(stream, running, now) : livePainter(stream, running, now)
  let stop: (() => void) | undefined

  async function step<T>(title: string, work: (step: StepHandle) => Promise<T>): Promise<T> {
    const entry: RunningStep = { title, since: now(), text: '', shown: now() - PLAIN_AGAIN_MS + PLAIN_FIRST_MS }
    running.add(entry)
    stop ??= every(LIVE_MS, painter.tick)
    const end = (mark: string) => {
      running.delete(entry)
      painter.print(`${mark} ${title}${entry.text && ` · ${entry.text}`} · ${formatDuration(now() - entry.since)}`)
      if (running.size === 0) {
        stop?.()
        stop = undefined
      }
    }
    try {
      const update = (text: string) => {
        entry.text = text
      }
      const result = await work({ update })
      end('✔')
      return result
    } catch (error) {
      end('✖')
      throw error
    }
  }
  return { step, note: (text) => painter.print(text) }
}

interface Painter {
  readonly tick: () => void
  readonly print: (line: string) => void
}

function describe(step: RunningStep, time: number): string {
  return `${step.title}${step.text && ` · ${step.text}`} · ${formatDuration(time - step.since)}`
}

function plainPainter(stream: ProgressStream, running: Set<RunningStep>, now: () => number): Painter {
  return {
    print: (line) => stream.write(`${line}\n`),
    tick: () => {
      for (const step of running) {
        if (now() - step.shown < PLAIN_AGAIN_MS) continue
        step.shown = now()
        stream.write(`… ${describe(step, now())}\n`)
      }
    },
  }
}

function livePainter(stream: ProgressStream, running: Set<RunningStep>, now: () => number): Painter {
  let lines = 0
  const draw = (above: string) => {
    const width = Math.max(20, (stream.columns || 80) - 1)
    const live = [...running].map((step) => `${fit(`… ${describe(step, now())}`, width)}\n`)
    const back = lines > 0 ? `\u001b[${lines}A\u001b[0J` : ''
    lines = live.length
    stream.write(`${back}${above}${live.join('')}`)
  }
  return { print: (line) => draw(`${line}\n`), tick: () => draw('') }
}

function fit(text: string, width: number): string {
  const characters = [...text]
  return characters.length <= width ? text : `${characters.slice(0, width - 1).join('')}…`
}

function everyInterval(ms: number, tick: () => void): () => void {
  const timer = setInterval(tick, ms)
  // The progress display must not keep a finished command running.
  timer.unref()
  return () => clearInterval(timer)
}
