/** What a workflow engine tells of one run. */
export interface WorkflowRecord {
  readonly succeeded: boolean
  /** By job: what GitHub would show as the job's summary (Markdown). */
  readonly summary: string
  /** Each step of each job, in the order in which they ended. */
  readonly steps: readonly {
    readonly job: string
    readonly step: string
    readonly stage: string
    readonly result: string
  }[]
  /** What the steps wrote, line by line. */
  readonly log: readonly string[]
}

interface EngineLine {
  readonly job?: string
  readonly step?: string
  readonly stage?: string
  readonly stepResult?: string
  readonly jobResult?: string
  readonly command?: string
  readonly content?: string
  readonly msg?: string
  readonly level?: string
  readonly raw_output?: boolean
}

/** Reads the lines of `act --json`; a line that is no JSON counts as log. */
export function readWorkflowRecord(output: string, exitCode: number): WorkflowRecord {
  const steps: WorkflowRecord['steps'][number][] = []
  const log: string[] = []
  let summary = ''
  for (const text of output.split('\n').filter(Boolean)) {
    const line = parseLine(text)
    const { job = '', step = '', stage = '' } = line
    if (line.command === 'summary') summary += line.content ?? ''
    else if (line.stepResult !== undefined && stage !== '') steps.push({ job, step, stage, result: line.stepResult })
    else if (line.raw_output || line.level === 'error' || line.command !== undefined)
      log.push((line.msg ?? '').trimEnd())
  }
  return { succeeded: exitCode === 0, summary, steps, log }
}

function parseLine(text: string): EngineLine {
  try {
    return JSON.parse(text) as EngineLine
  } catch {
    return { raw_output: true, msg: text }
  }
}

/** The text of a raw line of the running engine, for progress; undefined for the engine's own talk. */
export function liveText(text: string): string | undefined {
  const line = parseLine(text)
  return line.raw_output && line.msg ? line.msg.trim() : undefined
}
