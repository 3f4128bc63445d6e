// Stands in for `node:test` while mutants are tried: it keeps the tests of the files that are imported, so that they can be
// run again and again in one process. Only what the areas' tests use is here; anything else fails at import.
import { mock, type TestContext } from 'node:test'

type Body = (context: TestContext) => unknown
type Options = Readonly<{ skip?: boolean | string }>

export interface CollectedTest {
  readonly id: string
  readonly file: string
  /** Rejects if the test fails. */
  readonly run: () => Promise<void>
}

const collected: CollectedTest[] = []
const cleanups: (() => unknown)[] = []
let current = ''

/** Imports the files and returns their tests, in order. */
export async function collectTests(files: readonly string[], load: (file: string) => Promise<unknown>) {
  for (const file of files) {
    current = file
    await load(file)
  }
  return { tests: [...collected], cleanUp: () => Promise.all(cleanups.map((cleanup) => cleanup())) }
}

export function test(name: string, ...rest: readonly [Body] | readonly [Options, Body]): void {
  const [options, body] = rest.length === 1 ? [{}, rest[0]] : rest
  if (options.skip) return
  const file = current
  collected.push({ id: `${file} #${collected.length} ${name}`, file, run: () => runBody(name, body) })
}

/** Of a whole file; `t.after` is that of one test. */
export function after(cleanup: () => unknown): void {
  cleanups.push(cleanup)
}

async function runBody(name: string, body: Body): Promise<void> {
  const ends: (() => unknown)[] = []
  const stop = new AbortController()
  const context = {
    name,
    mock,
    signal: stop.signal,
    diagnostic: () => undefined,
    after: (end: () => unknown) => ends.push(end),
    test: (inner: string, innerBody: Body) => runBody(inner, innerBody),
  }
  try {
    await body(context as unknown as TestContext)
  } finally {
    stop.abort()
    mock.reset()
    for (const end of ends) await end()
  }
}
