import { formatError, NopassError } from '../../errors.ts'
import type { ResolvedValues } from '../../values/generated/resolved-values.ts'
import { loadValues } from '../../values/load-values.ts'
import type { ProfileName } from '../script/profiles.ts'

export interface DaemonSettings {
  readonly values: ResolvedValues
  readonly profile: ProfileName
  /** True to take everything back from the nodes. */
  readonly remove: boolean
}

/**
 * Reads the values of nodes, which the chart writes into a ConfigMap, with the checks of
 * `acr-nopass node script`.
 * @throws NODE_CONFIG_INVALID
 */
export function readSettings(text: string): DaemonSettings {
  const { values, errors } = loadValues({ files: [{ name: 'node.yaml', text }] })
  const [error] = errors
  const hint = 'Upgrade the release: the chart writes this ConfigMap.'
  if (values === undefined) {
    const message = error === undefined ? 'the values cannot be read' : formatError(error).split('\n')[0]
    throw new NopassError('NODE_CONFIG_INVALID', message ?? '', { hint })
  }
  const { profile, remove } = values.node
  if (profile === undefined) throw new NopassError('NODE_CONFIG_INVALID', '`node.profile` is missing', { hint })
  return { values, profile, remove }
}
