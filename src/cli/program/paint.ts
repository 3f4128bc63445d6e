import type { CliHost, CliStream } from './host.ts'

/** Colours of a terminal; without one every function returns its text unchanged. */
export interface CliPaint {
  readonly red: (text: string) => string
  readonly yellow: (text: string) => string
  readonly green: (text: string) => string
  readonly bold: (text: string) => string
  readonly dim: (text: string) => string
}

/** Uses colours if the stream is a terminal, unless NO_COLOR or TERM=dumb is set. */
export function paintFor(stream: CliStream, { env }: Pick<CliHost, 'env'>): CliPaint {
  const isColoured = stream.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb'
  const wrap = (open: number, close: number) => (text: string) =>
    isColoured && text !== '' ? `\u001b[${open}m${text}\u001b[${close}m` : text
  return { red: wrap(31, 39), yellow: wrap(33, 39), green: wrap(32, 39), bold: wrap(1, 22), dim: wrap(2, 22) }
}
