import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { NopassError } from '../errors.ts'
import { explainErrors, type Paint } from '../values/explain.ts'
import { errorData } from '../values/values-error.ts'
import type { SourceFile } from '../values/yaml-node.ts'
import type { CliHost, CommonFlags } from './host.ts'
import { paintFor } from './paint.ts'

/** Says what is wrong: as data on stdout with `-o json`, else for a person on stderr, with the lines of the files. */
export async function reportErrors(errors: readonly NopassError[], flags: CommonFlags, host: CliHost): Promise<void> {
  if (flags.output === 'json') {
    host.stdout.write(`${JSON.stringify({ errors: errors.map(describe) }, null, 2)}\n`)
    return
  }
  const { bold, red } = paintFor(host.stderr, host)
  const paint: Paint = { place: bold, code: red, mark: red }
  host.stderr.write(`${explainErrors(errors, await readSources(errors, host), paint)}\n`)
}

function describe(error: NopassError): object {
  const { cluster, namespace } = error.place
  return {
    ...errorData(error),
    ...(cluster === undefined ? {} : { cluster }),
    ...(namespace === undefined ? {} : { namespace }),
    ...(error.reason === undefined ? {} : { reason: error.reason }),
    ...(error.requestId === undefined ? {} : { requestId: error.requestId }),
  }
}

/** The files that errors point into; one that cannot be read is shown without its lines. */
async function readSources(errors: readonly NopassError[], host: CliHost): Promise<readonly SourceFile[]> {
  const names = [...new Set(errors.flatMap(({ place }) => (place.file === undefined ? [] : [place.file])))]
  const read = names.map(async (name) => {
    const text = await readFile(resolve(host.workingDirectory, name), 'utf8').catch(() => undefined)
    return text === undefined ? [] : [{ name, text }]
  })
  return (await Promise.all(read)).flat()
}
