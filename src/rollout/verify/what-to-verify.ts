import { matchesTarget } from '../../values/glob.ts'
import type { RenderedConfig } from '../deploy/release-parts.ts'
import type { Inputs } from '../inputs/inputs.ts'
import type { PreparedCluster } from '../inputs/prepare-cluster.ts'

/** Why the helper cannot be, or is not to be, seen at work; undefined: it is verified. */
export function reasonNotToVerify({ verify, wait }: Inputs, config: RenderedConfig | undefined): string | undefined {
  if (!verify) return 'verify is false'
  if (!wait) return 'wait is false'
  if (config === undefined) return 'the chart is not the one of acr-nopass'
  return config.retire ? 'the values have retire: true' : undefined
}

/** Whether a namespace that is made for a probe is a target of every registry: without selectors, by the globs alone. */
export function coversNewNamespaces({ values }: PreparedCluster): boolean {
  if (values === undefined || values.scope === 'namespaces' || values.dryRun) return false
  const { include, exclude, selector } = values.targets.namespaces
  const selects = Object.keys(selector.matchLabels ?? {}).length + (selector.matchExpressions ?? []).length
  return selects === 0 && matchesTarget({ include, exclude }, 'acr-nopass-probe-00000000')
}
