import { appendFileSync } from 'node:fs'

/** Appends to the job summary; without one (another runner) there is nothing to write to. */
export function writeSummary(text: string, { env }: NodeJS.Process): void {
  if (env.GITHUB_STEP_SUMMARY) appendFileSync(env.GITHUB_STEP_SUMMARY, text)
}
