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
 * Reports errors: as JSON on stdout with `-o json`, else as text on stderr, with the lines of the
 * files. Returns the exit code of invalid input.
 */
export function reportErrors(
  errors: readonly NopassError[],
  flags: CommonFlags,
  host: CliHost,
  warnings: readonly NopassError[] = [],
): number {
  if (flags.output === 'json') {
    host.stdout.write(`${JSON.stringify(asData(errors, warnings), null, 2)}\n`)
    return EXIT.usage
  }
  host.stderr.write(`${explainAll(errors, host)}\n`)
  return EXIT.usage
}

/** Renders errors or warnings as text for stderr, with the lines of the files. */
export function explainAll(errors: readonly NopassError[], host: CliHost): string {
  const { bold, red } = paintFor(host.stderr, host)
  const paint: Paint = { place: bold, code: red, mark: red }
  return explainErrors(errors, readSources(errors, host), paint)
}

/** Describes errors and warnings for `-o json`. */
export function asData(errors: readonly NopassError[], warnings: readonly NopassError[]): object {
  return { errors: errors.map(toData), ...(warnings.length > 0 && { warnings: warnings.map(toData) }) }
}

function toData(error: NopassError): object {
  const { place, reason, requestId } = error
  return { ...errorData(error), cluster: place.cluster, namespace: place.namespace, reason, requestId }
}

/**
 * Reads the files to which errors refer. A file that cannot be read again, such as a pipe, is
 * omitted.
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
