/** What came of one step of the demo. */
export interface StepOutcome {
  readonly title: string
  readonly proves: string
  readonly time: string
  readonly result: string
}

const NEXT = `
What to type next
  npm run sandbox -- up        keeps the clusters and the cloud running, with kubeconfigs to use
  npm run sandbox -- cloud     the emulated Alibaba Cloud alone, for any client in any language
  npm test                     every promise as a test
  bin/acr-nopass --help        the command line tool
`

/** The closing table: what was shown, how long it took, what came of it. */
export function closingTable(outcomes: readonly StepOutcome[]): string {
  const width = Math.max(...outcomes.map(({ proves }) => proves.length))
  const span = Math.max(...outcomes.map(({ time }) => time.length))
  const lines = outcomes.map(
    ({ proves, time, result }) => `  ${proves.padEnd(width)}  ${time.padStart(span)}  ${result}`,
  )
  return `\nShown\n${lines.join('\n')}\n${NEXT}`
}
