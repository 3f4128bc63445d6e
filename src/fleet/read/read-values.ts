import { valuesFile } from '../../helm/helm-flags.ts'
import type { Settings } from '../../rollout/inputs/settings.ts'
import { computeRrsa, type RrsaSources } from '../../rollout/ram/cluster-targets.ts'
import { loadValues } from '../../values/load-values.ts'
import { differingKeys } from '../drift/compare-values.ts'

/**
 * Compares the release's stored values with the values that a rollout of the list would set, and
 * returns `attach` of the list's values. Undefined if the list has no values, or for another chart.
 */
export async function compareValues(
  stored: Readonly<Record<string, unknown>>,
  { chart }: Pick<Settings, 'chart'>,
  sources: RrsaSources,
): Promise<{ readonly differing: readonly string[]; readonly attach: string | undefined } | undefined> {
  const { layers } = sources.cluster.settings
  if (!chart.ours || layers.length === 0) return undefined
  const rrsa = await computeRrsa(sources)
  const computed = rrsa && { name: 'computed', text: valuesFile({ identity: { rrsa } }) }
  const { given } = loadValues({ files: layers.map(({ source }) => source), defaults: chart.defaults, computed })
  return given && { differing: differingKeys(stored, given), attach: attachOf(given) }
}

/** Returns `attach` of a user's values. `auto` is the chart's default. */
export function attachOf({ attach = 'auto' }: Readonly<Record<string, unknown>>): string | undefined {
  return typeof attach === 'string' ? attach : undefined
}
