import type { mutateArea, Sample } from './run-stryker.ts'

/** Renders the figures of an area, then a line for each change that no test noticed. */
export function formatArea(
  name: string,
  { mutants, rate }: Awaited<ReturnType<typeof mutateArea>>,
  { share, seed }: Pick<Sample, 'share' | 'seed'>,
): string {
  const survivors = mutants.filter(({ noticed }) => !noticed)
  const sample = share < 1 ? `, a share of ${share} by --seed ${seed}` : ''
  const lines = survivors.map(
    ({ file, line, kind, replacement, untried }) =>
      `  ${file}:${line} ${kind}${untried ? ` (${untried})` : ''}: ${replacement.replaceAll(/\s+/g, ' ').slice(0, 120)}`,
  )
  return [
    `${name}: ${mutants.length - survivors.length} of ${mutants.length} changes noticed, ${(rate * 100).toFixed(1)} %${sample}`,
    ...lines,
  ].join('\n')
}
