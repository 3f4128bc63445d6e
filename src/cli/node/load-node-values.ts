import { NopassError } from '../../errors.ts'
import { prepareClusters } from '../../rollout/inputs/prepare-cluster.ts'
import type { ResolvedValues } from '../../values/generated/resolved-values.ts'
import type { CliHost, CommonFlags } from '../program/cli-host.ts'
import { explainAll, reportErrors } from '../program/report-errors.ts'
import { settingsOf } from '../program/settings-of.ts'
import { readValuesFlags, type ValuesFlags } from '../program/values-options.ts'
import { errorAsFlags } from '../rollout/as-flags.ts'

export type NodeValuesFlags = ValuesFlags

/** Returns the values, or the exit code after their errors were reported. */
export function loadNodeValues(flags: NodeValuesFlags & CommonFlags, host: CliHost): ResolvedValues | number {
  const { inputs } = readValuesFlags(flags, host)
  if (Object.keys(inputs).length === 0) {
    throw new NopassError('INPUT_MISSING', 'there are no values to configure a node from', {
      hint: 'Name a values file with -f.',
    })
  }
  const { settings, errors } = settingsOf({ mode: 'validate', ...inputs }, host)
  const prepared = settings === undefined ? { clusters: [], errors, warnings: [] } : prepareClusters(settings)
  if (prepared.errors.length > 0) return reportErrors(prepared.errors.map(errorAsFlags), flags, host, prepared.warnings)
  if (flags.output !== 'json' && prepared.warnings.length > 0) {
    host.stderr.write(`${explainAll(prepared.warnings, host)}\n`)
  }
  const loaded = prepared.clusters[0]?.values
  if (loaded === undefined) throw new NopassError('INTERNAL', 'valid values could not be read')
  return loaded
}
