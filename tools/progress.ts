import { formatDuration } from '../src/lib/format-duration.ts'

export interface StepHandle {
  /** Replaces the text of the step, such as `312 packages, about 40 s left`. */
  update(text: string): void
}

/** Shows the steps of a command and how long they take. Steps may be concurrent and nested. */
export interface Progress {
  step<T>(title: string, work: (step: StepHandle) => Promise<T>): Promise<T>
  note(text: string): void
}

interface ProgressStream {
  readonly isTTY?: boolean | undefined
  /** The width of a terminal. */
  readonly columns?: number | undefined
  write(text: string): unknown
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

/**
 * Creates the display of progress. On a terminal running steps change in place. In a log, each step
 * prints a line after 1 s, every 15 s and at its end. A log is any other output, and the output of
 * a CI (the variable `CI`).
 */
export function createProgress(stream: ProgressStream, ci?: string): Progress {
  const plain = !stream.isTTY || (ci !== undefined && ci !== '' && ci !== 'false')
  const running = new Set<RunningStep>()
  let timer: NodeJS.Timeout | undefined
  let lines = 0

  const describe = ({ title, text, since }: RunningStep): string =>
    `${title}${text && ` · ${text}`} · ${formatDuration(Date.now() - since)}`
  const print = (text: string): void => {
    const width = Math.max(20, (stream.columns || 80) - 1)
    const live = plain ? [] : [...running].map((step) => `${fitLine(`… ${describe(step)}`, width)}\n`)
    const back = lines > 0 ? `\u001b[${lines}A\u001b[0J` : ''
    lines = live.length
    stream.write(`${back}${text}${live.join('')}`)
  }
  const tick = (): void => {
    if (!plain) print('')
    for (const step of plain ? running : []) {
      if (Date.now() - step.shown < PLAIN_AGAIN_MS) continue
      step.shown = Date.now()
      print(`… ${describe(step)}\n`)
    }
  }

  async function step<T>(title: string, work: (step: StepHandle) => Promise<T>): Promise<T> {
    const since = Date.now()
    const entry: RunningStep = { title, since, text: '', shown: since - PLAIN_AGAIN_MS + PLAIN_FIRST_MS }
    running.add(entry)
    // The progress display must not keep a finished command running.
    timer ??= setInterval(tick, LIVE_MS).unref()
    let mark = '✖'
    try {
      const update = (text: string): void => {
        entry.text = text
      }
      const result = await work({ update })
      mark = '✔'
      return result
    } finally {
      running.delete(entry)
      print(`${mark} ${describe(entry)}\n`)
      if (running.size === 0) {
        clearInterval(timer)
        timer = undefined
      }
    }
  }
  return { step, note: (text) => print(`${text}\n`) }
}

function fitLine(text: string, width: number): string {
  const characters = [...text]
  return characters.length <= width ? text : `${characters.slice(0, width - 1).join('')}…`
}
