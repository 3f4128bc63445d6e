/** The result of one run of a workflow. */
export interface WorkflowRecord {
  readonly succeeded: boolean
  /** The summaries of all jobs (Markdown). */
  readonly summary: string
  /** The steps' outputs by name; later steps win. */
  readonly outputs: Readonly<Record<string, string>>
  /** The steps' output by line, with annotations as `::error …`. */
  readonly log: readonly string[]
}

interface EngineLine {
  readonly command?: string
  readonly name?: string
  readonly arg?: string
  readonly content?: string
  readonly msg?: string
  readonly raw?: string
  readonly raw_output?: boolean
}

/** Parses the lines of `act --json`; a line that is not JSON counts as log. */
export function readWorkflowRecord(lines: readonly string[], exitCode: number): WorkflowRecord {
  const log: string[] = []
  const outputs: Record<string, string> = {}
  let summary = ''
  for (const line of lines.map(parseLine)) {
    const { command } = line
    if (command === 'summary') summary += line.content ?? ''
    else if (command === 'set-output') outputs[line.name ?? ''] = line.arg ?? ''
    // act's record of a mask contains the secret itself.
    else if (command === 'add-mask') continue
    else if (command !== undefined) log.push((line.raw ?? line.msg ?? '').trimEnd())
    else if (line.raw_output) log.push((line.msg ?? '').trimEnd())
  }
  return { succeeded: exitCode === 0, summary, outputs, log }
}

/** The text that a step wrote, for progress; undefined for act's own messages. */
export function liveText(text: string): string | undefined {
  const line = parseLine(text)
  return line.raw_output && line.msg ? line.msg.trim() : undefined
}

function parseLine(text: string): EngineLine {
  try {
    return JSON.parse(text) as EngineLine
  } catch {
    return { raw_output: true, msg: text }
  }
}
