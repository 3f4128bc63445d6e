import { NopassError } from '../../errors.ts'
import { prepareClusters } from '../../rollout/inputs/prepare-cluster.ts'
import type { ResolvedValues } from '../../values/generated/resolved-values.ts'
import type { CliHost, CommonFlags } from '../program/cli-host.ts'
import { explainAll, reportErrors } from '../program/report-errors.ts'
import { settingsOf } from '../program/settings-of.ts'
import { errorAsFlags } from '../rollout/as-flags.ts'

export interface NodeValuesFlags {
  readonly file?: readonly string[]
  readonly values?: string
}

/** Returns the values, or the exit code after their errors were reported. */
export function loadNodeValues(flags: NodeValuesFlags & CommonFlags, host: CliHost): ResolvedValues | number {
  const { file = [], values = '' } = flags
  if (file.length === 0 && values === '') {
    throw new NopassError('INPUT_MISSING', 'there are no values to configure a node from', {
      hint: 'Name a values file with -f.',
    })
  }
  const given = { mode: 'validate', values, 'values-files': file.join('\n') }
  const { settings, errors } = settingsOf(given, host)
  const prepared = settings === undefined ? { clusters: [], errors, warnings: [] } : prepareClusters(settings)
  if (prepared.errors.length > 0) return reportErrors(prepared.errors.map(errorAsFlags), flags, host, prepared.warnings)
  if (flags.output !== 'json' && prepared.warnings.length > 0) {
    host.stderr.write(`${explainAll(prepared.warnings, host)}\n`)
  }
  const loaded = prepared.clusters[0]?.values
  if (loaded === undefined) throw new NopassError('INTERNAL', 'valid values could not be read')
  return loaded
}
