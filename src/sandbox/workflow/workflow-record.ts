/** The result of a workflow run. */
export interface WorkflowRecord {
  readonly succeeded: boolean
  /** The summaries of all jobs (Markdown). */
  readonly summary: string
  /** The steps' outputs by name; those of later steps take precedence. */
  readonly outputs: Readonly<Record<string, string>>
  /** The lines that the steps wrote, with annotations as `::error …`. */
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

/** Parses the output of `act --json`; a line that is not JSON counts as written by a step. */
export function readWorkflowRecord(lines: readonly string[], exitCode: number): WorkflowRecord {
  const log: string[] = []
  const outputs: Record<string, string> = {}
  let summary = ''
  for (const line of lines.map(parseLine)) {
    const { command } = line
    if (command === 'summary') summary += line.content ?? ''
    else if (command === 'set-output') outputs[line.name ?? ''] = line.arg ?? ''
    // The line of a mask contains the secret itself.
    else if (command === 'add-mask') continue
    else if (command !== undefined) log.push((line.raw ?? line.msg ?? '').trimEnd())
    else if (line.raw_output) log.push((line.msg ?? '').trimEnd())
  }
  return { succeeded: exitCode === 0, summary, outputs, log }
}

/** Returns the text that a step wrote, for progress; undefined for act's own messages. */
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
