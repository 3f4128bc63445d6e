import { realpathSync } from 'node:fs'
import { resolve } from 'node:path'
import type { NopassError } from '../../errors.ts'
import { readRegular } from '../../lib/files.ts'
import { explainErrors, type Paint } from '../../values/explain.ts'
import { errorData } from '../../values/values-error.ts'
import type { SourceFile } from '../../values/yaml/yaml-node.ts'
import { type CliHost, type CommonFlags, EXIT } from './cli-host.ts'
import { paintFor } from './terminal.ts'

/**
 * Reports errors: with `-o json` on stdout, else as text on stderr, with the lines of the files.
 * Returns the exit code of wrong input.
 */
export function reportErrors(errors: readonly NopassError[], flags: CommonFlags, host: CliHost): number {
  if (flags.output === 'json') {
    host.stdout.write(`${JSON.stringify({ errors: errors.map(describe) }, null, 2)}\n`)
    return EXIT.usage
  }
  const { bold, red } = paintFor(host.stderr, host)
  const paint: Paint = { place: bold, code: red, mark: red }
  host.stderr.write(`${explainErrors(errors, readSources(errors, host), paint)}\n`)
  return EXIT.usage
}

function describe(error: NopassError): object {
  const { place, reason, requestId } = error
  return { ...errorData(error), cluster: place.cluster, namespace: place.namespace, reason, requestId }
}

/**
 * The files that errors refer to; of one that cannot be read again, such as a pipe, no lines are
 * shown.
 */
function readSources(errors: readonly NopassError[], host: CliHost): readonly SourceFile[] {
  const names = [...new Set(errors.flatMap(({ place }) => (place.file === undefined ? [] : [place.file])))]
  return names.flatMap((name) => {
    try {
      const text = readRegular(realpathSync(resolve(host.workingDirectory, name)))?.toString('utf8')
      return text === undefined ? [] : [{ name, text }]
    } catch {
      return []
    }
  })
}
