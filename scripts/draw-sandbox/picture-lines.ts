/** Characters of a line in the picture; a longer one is wrapped. */
const WIDTH = 104

/**
 * What the picture shows of the sandbox's output: the finished steps with their results, and the report of doctor.
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

/** A step's title with its time, and below it what it showed. */
function splitStep(line: string): readonly string[] {
  const [title = '', ...rest] = line.split(' · ')
  const time = rest.pop() ?? ''
  return [`${title} · ${time}`, `  ${rest.join(' · ')}`]
}

/** Breaks at spaces; what continues a line is indented by two. */
function wrap(line: string): string[] {
  const rows: string[] = []
  let rest = line
  while (rest.length > WIDTH) {
    const at = rest.lastIndexOf(' ', WIDTH)
    const end = at > 2 ? at : WIDTH
    rows.push(rest.slice(0, end))
    rest = `  ${rest.slice(end).trimStart()}`
  }
  return [...rows, rest]
}
