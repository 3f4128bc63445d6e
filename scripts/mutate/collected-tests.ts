// Replaces `node:test` while mutants are tried: it keeps the tests of the imported files, so that
// one process can run them repeatedly. It contains only what the areas' tests use; anything else
// fails at import.
import { mock, type TestContext } from 'node:test'

type Body = (context: TestContext) => unknown
type Options = Readonly<{ skip?: boolean | string }>

export interface CollectedTest {
  readonly id: string
  readonly file: string
  /** Rejects if the test fails. */
  readonly run: () => Promise<void>
}

type Hook = () => unknown

interface TestFile {
  readonly name: string
  readonly before: Hook[]
  readonly beforeEach: Hook[]
  readonly after: Hook[]
  ready?: Promise<unknown>
}

let collected: CollectedTest[] = []
let current: TestFile

/** Imports the files and returns their tests, in order. */
export async function collectTests(names: readonly string[], load: (name: string) => Promise<unknown>) {
  const files: TestFile[] = []
  collected = []
  for (const name of names) {
    current = { name, before: [], beforeEach: [], after: [] }
    files.push(current)
    await load(name)
  }
  // What no test has set up needs no end.
  const cleanUp = () => Promise.all(files.map(({ ready, after }) => ready && runHooks(after)))
  return { tests: collected, cleanUp }
}

export function test(name: string, ...rest: readonly [Body] | readonly [Options, Body]): void {
  const [options, body] = rest.length === 1 ? [{}, rest[0]] : rest
  if (options.skip) return
  const file = current
  const run = async (): Promise<void> => {
    file.ready ??= runHooks(file.before)
    await file.ready
    await runHooks(file.beforeEach)
    await runBody(name, body)
  }
  collected.push({ id: `${file.name} #${collected.length} ${name}`, file: file.name, run })
}

export const before = (hook: Hook): unknown => current.before.push(hook)
export const beforeEach = (hook: Hook): unknown => current.beforeEach.push(hook)
/** A hook of a whole file. `t.after` is the hook of one test. */
export const after = (hook: Hook): unknown => current.after.push(hook)

async function runHooks(hooks: readonly Hook[]): Promise<void> {
  for (const hook of hooks) await hook()
}

async function runBody(name: string, body: Body): Promise<void> {
  const ends: Hook[] = []
  const stop = new AbortController()
  const context = {
    name,
    mock,
    signal: stop.signal,
    diagnostic: () => undefined,
    after: (end: Hook) => ends.push(end),
    test: (inner: string, innerBody: Body) => runBody(inner, innerBody),
  }
  try {
    await body(context as unknown as TestContext)
  } finally {
    stop.abort()
    mock.reset()
    await runHooks(ends)
  }
}
