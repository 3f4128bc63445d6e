import { withoutSecrets } from '../kube/api-error.ts'
import { printable } from '../printable.ts'

/** Where in the code a failure came from, and what was behind it; long words that could be credentials are cut out. */
export function describeCauses(thrown: unknown): string {
  const lines: string[] = []
  let at = thrown
  for (let depth = 0; at instanceof Error && depth < 5; depth++) {
    const frames = (at.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line))
    const what = printable(`${at.name}: ${withoutSecrets(at.message)}`)
    lines.push(`${depth === 0 ? '' : 'caused by '}${what}`, ...frames.slice(0, 12).map(printable))
    at = at.cause
  }
  return lines.join('\n')
}
