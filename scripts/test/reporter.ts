// Runs inside the process of a test file (`--test-reporter`). Writes one JSON line for each test,
// as soon as the test has finished.
import type { TestEvent } from 'node:test/reporters'
import { formatFailure, isOwnFailure } from './failure.ts'

/**
 * The result of one test, and `complete` after the last one. `begun` shows which test was running
 * if the process never finishes.
 */
export type TestLine =
  | { readonly is: 'begun'; readonly name: string }
  | { readonly is: 'passed' | 'skipped'; readonly name: string }
  | { readonly is: 'failed'; readonly name: string; readonly text?: string | undefined }
  | { readonly is: 'note'; readonly name: string }
  | { readonly is: 'complete' }

// biome-ignore lint/style/noDefaultExport: the runner takes a reporter's default export
export default async function* report(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const path: string[] = []
  for await (const event of events) {
    const line = toLine(event, path)
    if (line) yield `${JSON.stringify(line)}\n`
  }
  // The line is missing if the process exited early, because then the remaining tests never ran.
  yield `${JSON.stringify({ is: 'complete' } satisfies TestLine)}\n`
}

function toLine(event: TestEvent, path: string[]): TestLine | undefined {
  if (event.type === 'test:dequeue') return { is: 'begun', name: event.data.name }
  // The runner's message about an error outside of any test, such as one after the last test.
  if (event.type === 'test:diagnostic' && /^(Error|Warning): /.test(event.data.message)) {
    return { is: 'note', name: event.data.message }
  }
  if (event.type === 'test:start') {
    path.length = event.data.nesting
    path.push(event.data.name)
    return undefined
  }
  if (event.type !== 'test:pass' && event.type !== 'test:fail') return undefined
  const name = [...path.slice(0, event.data.nesting), event.data.name].join(' › ')
  const isSuite = event.data.details.type === 'suite'
  if (event.type === 'test:pass') {
    const left = isSet(event.data.skip) || isSet(event.data.todo)
    return isSuite ? undefined : { is: left ? 'skipped' : 'passed', name }
  }
  const own = isOwnFailure(event.data.details.error)
  if (isSuite && !own) return undefined
  return { is: 'failed', name, text: own ? formatFailure(name, event.data) : undefined }
}

function isSet(mark: string | boolean | undefined): boolean {
  return mark !== undefined && mark !== false
}
