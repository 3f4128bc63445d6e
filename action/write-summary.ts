import { appendFileSync } from 'node:fs'

/**
 * Appends to the job summary. Runners other than GitHub's may have no summary. Then nothing is
 * written.
 */
export function writeSummary(text: string, { env }: NodeJS.Process): void {
  if (env.GITHUB_STEP_SUMMARY) appendFileSync(env.GITHUB_STEP_SUMMARY, text)
}
