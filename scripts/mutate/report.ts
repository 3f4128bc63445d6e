import type { RevertResult, RevertResults } from './run-reverts.ts'
import type { mutateArea, Sample } from './run-stryker.ts'

/** Renders the figures of an area, then a line for each change that no test noticed. */
export function formatArea(
  name: string,
  { mutants, rate }: Awaited<ReturnType<typeof mutateArea>>,
  { share, seed }: Pick<Sample, 'share' | 'seed'>,
): string {
  const survivors = mutants.filter(({ noticed }) => !noticed)
  const late = mutants.filter(({ timedOut }) => timedOut).length
  const timedOut = late === 0 ? '' : `, ${late} of them by the time limit`
  const sample = share < 1 ? `, a share of ${share} by --seed ${seed}` : ''
  const lines = survivors.map(
    ({ file, line, kind, replacement, untried }) =>
      `  ${file}:${line} ${kind}${untried ? ` (${untried})` : ''}: ${replacement.replaceAll(/\s+/g, ' ').slice(0, 120)}`,
  )
  return [
    `${name}: ${mutants.length - survivors.length} of ${mutants.length} changes noticed, ${(rate * 100).toFixed(1)} %${timedOut}${sample}`,
    ...lines,
  ].join('\n')
}

/** Renders a revert, and the recorded runs that break on it. */
export function formatRevert({ revert, broken }: RevertResult): string {
  const { theme, file, effect } = revert
  const runs = broken.map(({ finding, rule }) => `    ${rule}: ${finding}`)
  return [
    `${broken.length > 0 ? '✔' : '✖'} ${theme}: ${file}: ${effect}`,
    ...(runs.length > 0 ? runs : ['    no recorded run breaks']),
  ].join('\n')
}

/** Renders the figures of all reverts, and what is wrong. */
export function formatReverts({ results, already, unbroken }: RevertResults): string {
  const shown = results.filter(({ broken }) => broken.length > 0)
  return [
    `found: ${shown.length} of ${results.length} reverts break a recorded run`,
    ...already.map(({ finding, rule }) => `  breaks without a revert (${rule}): ${finding}`),
    ...unbroken.map((finding) => `  breaks on no revert: ${finding}`),
  ].join('\n')
}

/** True if reverts were tried, each revert breaks a run, and each run is broken by a revert. */
export function isComplete({ results, already, unbroken }: RevertResults): boolean {
  const isShown = results.length > 0 && results.every(({ broken }) => broken.length > 0)
  return isShown && already.length + unbroken.length === 0
}
