import { wrapWords } from '../../src/lib/text.ts'

/** The number of characters in a line of the picture. A longer line is wrapped. */
const WIDTH = 102

/**
 * Returns the part of the sandbox's output that the picture shows: the finished steps with their
 * results, and the report of doctor.
 * @param output the standard output of a complete run
 * @throws Error if the run is not complete
 */
export function pictureLines(output: string): readonly string[] {
  const lines = output.split('\n')
  const steps = lines.filter((line) => /^✔ \d+\/\d+ /.test(line))
  const total = Number(/^✔ \d+\/(\d+) /.exec(steps[0] ?? '')?.[1])
  if (steps.length !== total) throw new Error(`the output has ${steps.length} of ${total || 'its'} finished steps`)
  const from = lines.indexOf('$ acr-nopass doctor')
  const length = lines.slice(from).findIndex((line) => /^\d+ errors?, \d+ warnings?$/.test(line))
  if (from < 0 || length < 0) throw new Error('the output has no report of doctor')
  const report = lines.slice(from, from + length + 1)
  return ['$ npm run sandbox', ...steps.flatMap(splitStep), '', ...report].flatMap(wrap)
}

/** Splits a step into its title with the time, and its result below. */
function splitStep(line: string): readonly string[] {
  const [title = '', ...rest] = line.split(' · ')
  const time = rest.pop() ?? ''
  return [`${title} · ${time}`, `  ${rest.join(' · ')}`]
}

/** Continued lines are indented. */
function wrap(line: string): readonly string[] {
  const [first = '', ...rest] = wrapWords(line, WIDTH)
  return [first, ...rest.map((text) => `  ${text}`)]
}
