/** What a workflow engine tells of one run. */
export interface WorkflowRecord {
  readonly succeeded: boolean
  /** What GitHub would show as the summaries of the jobs (Markdown). */
  readonly summary: string
  /** Each step of each job, in the order in which they ended. */
  readonly steps: readonly StepRecord[]
  /** The steps' outputs, by name; a later step's wins. */
  readonly outputs: Readonly<Record<string, string>>
  /** What the steps wrote, line by line; annotations as `::error …`. */
  readonly log: readonly string[]
}

export interface StepRecord {
  readonly job: string
  readonly step: string
  readonly stage: string
  readonly result: string
}

interface EngineLine {
  readonly job?: string
  readonly step?: string
  readonly stage?: string
  readonly stepResult?: string
  readonly command?: string
  readonly name?: string
  readonly arg?: string
  readonly content?: string
  readonly msg?: string
  readonly raw?: string
  readonly raw_output?: boolean
}

/** Reads the lines of `act --json`; a line that is no JSON counts as log. */
export function readWorkflowRecord(lines: readonly string[], exitCode: number): WorkflowRecord {
  const steps: StepRecord[] = []
  const log: string[] = []
  const outputs: Record<string, string> = {}
  let summary = ''
  for (const line of lines.map(parseLine)) {
    const { job = '', step = '', stage = '', command } = line
    if (line.stepResult !== undefined && stage !== '') steps.push({ job, step, stage, result: line.stepResult })
    else if (command === 'summary') summary += line.content ?? ''
    else if (command === 'set-output') outputs[line.name ?? ''] = line.arg ?? ''
    // the engine's record of a mask holds the secret itself
    else if (command === 'add-mask') continue
    else if (command !== undefined) log.push((line.raw ?? line.msg ?? '').trimEnd())
    else if (line.raw_output) log.push((line.msg ?? '').trimEnd())
  }
  return { succeeded: exitCode === 0, summary, steps, outputs, log }
}

/** What a step wrote, for progress; undefined for the engine's own talk. */
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
