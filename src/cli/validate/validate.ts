import { NopassError } from '../../errors.ts'
import { printable } from '../../printable.ts'
import { whyUnchecked } from '../../rollout/inputs/describe-chart.ts'
import { type PreparedCluster, prepareClusters } from '../../rollout/inputs/prepare-cluster.ts'
import type { Settings } from '../../rollout/inputs/settings.ts'
import { type CliHost, type CommonFlags, EXIT, writeResult } from '../program/cli-host.ts'
import { asData, explainAll, reportErrors } from '../program/report-errors.ts'
import { settingsOf } from '../program/settings-of.ts'
import { readValuesFlags, type ValuesFlags } from '../program/values-options.ts'
import { errorAsFlags } from '../rollout/as-flags.ts'

/**
 * Validates values and clusters offline. Returns 0, or 2 with all errors.
 * @throws NopassError with flags in place of inputs
 */
export async function validate(...command: Parameters<typeof validateFiles>): Promise<number> {
  try {
    return validateFiles(...command)
  } catch (error) {
    throw error instanceof NopassError ? errorAsFlags(error) : error
  }
}

function validateFiles(flags: ValidateFlags & CommonFlags, host: CliHost): number {
  const { clustersFile = '', chart = '' } = flags
  const { files, inputs } = readValuesFlags(flags, host)
  if (Object.keys(inputs).length === 0 && clustersFile === '') {
    throw new NopassError('INPUT_MISSING', 'nothing to validate', {
      hint: 'Name a values file with -f, or a list of clusters with --clusters-file.',
    })
  }
  const given = { mode: 'validate', ...inputs, chart, 'clusters-file': clustersFile }
  const { settings, errors } = settingsOf(given, host)
  const prepared = settings === undefined ? { clusters: [], errors, warnings: [] } : prepareClusters(settings)
  const [found, warnings] = [prepared.errors.map(errorAsFlags), prepared.warnings]
  const isJson = flags.output === 'json'
  if (!isJson) writeWarnings(warnings, host)
  if (found.length > 0) {
    reportErrors(found, flags, host, warnings)
    if (!isJson) host.stderr.write(`${counted(found.length, 'error')}\n`)
    return EXIT.usage
  }
  const unchecked = settings && whyUnchecked(settings.chart)
  if (unchecked !== undefined && clustersFile === '') {
    throw new NopassError('INPUT_MISSING', `nothing to validate: ${unchecked}`, {
      hint: 'Name a list of clusters with --clusters-file, or leave --chart out.',
    })
  }
  const notes = [
    ...(clustersFile === '' && prepared.clusters.some(lacksArns) ? [LATER] : []),
    ...(unchecked === undefined ? [] : [unchecked]),
  ]
  const result = { ...asData([], warnings), ...(notes.length > 0 && { notes }) }
  writeResult(
    host,
    flags,
    result,
    () => `valid: ${printable(describeSubject(unchecked === undefined ? files : [], clustersFile, settings))}\n`,
  )
  if (!isJson) for (const note of notes) host.stderr.write(`note: ${note}\n`)
  return EXIT.ok
}

function writeWarnings(warnings: readonly NopassError[], host: CliHost): void {
  if (warnings.length === 0) return
  host.stderr.write(`${explainAll(warnings, host)}\n${counted(warnings.length, 'warning')}\n`)
}

function counted(count: number, noun: string): string {
  return count === 1 ? `1 ${noun}` : `${count} ${noun}s`
}

const LATER =
  'identity.rrsa is not complete; `acr-nopass apply` and the action fill it in for a cluster of ACK. ' +
  'To install with helm, or on another cluster, write roleArn and oidcProviderArn.'

function lacksArns({ values }: PreparedCluster): boolean {
  const { type, rrsa } = values?.identity ?? {}
  return type === 'rrsa' && !(rrsa?.roleArn && rrsa.oidcProviderArn)
}

function describeSubject(files: readonly string[], clustersFile: string, settings: Settings | undefined): string {
  const count = settings?.clusters.length ?? 0
  const clusters = clustersFile === '' ? [] : [`${clustersFile} (${count === 1 ? '1 cluster' : `${count} clusters`})`]
  const named = [...files, ...clusters]
  return named.length === 0 ? 'the inline values' : named.join(', ')
}

export interface ValidateFlags extends ValuesFlags {
  readonly clustersFile?: string
  readonly chart?: string
}
