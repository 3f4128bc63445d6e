import { Transform } from 'node:stream'

/** One line of a watch as text, without its newline. */
type Line = string

/** Changes the lines of one watch; the returned lines are forwarded in that order. */
export type LineFault = () => { line(line: Line): readonly Line[]; quiet?(): readonly Line[] }

const typeOf = (line: Line): string => /^\{"type":"([A-Z]+)"/.exec(line)?.[1] ?? ''
const isInitialEnd = (line: Line): boolean => line.includes('k8s.io/initial-events-end')

/** Drops all bookmarks except those that end an initial list. */
export const withoutBookmarks: LineFault = () => ({
  line: (line) => (typeOf(line) === 'BOOKMARK' && !isInitialEnd(line) ? [] : [line]),
})

/** Delivers every event twice. The second delivery comes after the next event. */
export const duplicated: LineFault = () => {
  let last: Line | undefined
  return {
    line(line) {
      const out = last === undefined ? [line] : [line, last]
      last = line.includes('"ERROR"') || isInitialEnd(line) ? undefined : line
      return out
    },
  }
}

/** Swaps each pair of events. A single event is forwarded after a pause. */
export const reordered: LineFault = () => {
  let held: Line | undefined
  const quiet = (): readonly Line[] => {
    const out = held === undefined ? [] : [held]
    held = undefined
    return out
  }
  return {
    line(line) {
      if (typeOf(line) === 'BOOKMARK' || typeOf(line) === 'ERROR') return [...quiet(), line]
      if (held !== undefined) return [line, ...quiet()]
      held = line
      return []
    },
    quiet,
  }
}

/** Drops everything, while the socket stays open. */
export const silent: LineFault = () => ({ line: () => [] })

const QUIET_MS = 100

/** The stream of one watch, which applies the current fault to each line. */
export interface WatchPipe {
  readonly stream: Transform
  setFault(fault: LineFault | undefined): void
  /** Drops everything from now on, while the socket stays open. */
  stall(): void
  /** Injects a line that the server did not send. */
  inject(line: Line): void
}

export function createWatchPipe(first: LineFault | undefined): WatchPipe {
  let fault = first?.()
  let rest = ''
  let timer: NodeJS.Timeout | undefined
  let stalled = false
  const write = (lines: readonly Line[]): void => {
    if (stalled) return
    for (const line of lines) stream.push(`${line}\n`)
  }
  const settle = (): void => {
    timer = undefined
    write(fault?.quiet?.() ?? [])
  }
  const stream: Transform = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const lines = (rest + chunk.toString('utf8')).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) write(fault ? fault.line(line) : [line])
      if (fault?.quiet) timer ??= setTimeout(settle, QUIET_MS)
      done()
    },
    flush(done) {
      clearTimeout(timer)
      settle()
      done()
    },
    destroy(error, done) {
      clearTimeout(timer)
      done(error)
    },
  })
  return {
    stream,
    setFault(next) {
      settle()
      fault = next?.()
    },
    stall() {
      stalled = true
    },
    inject: (line) => write([line]),
  }
}
