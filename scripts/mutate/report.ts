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
