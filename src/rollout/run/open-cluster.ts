import { formatPlace, type NopassError } from '../../errors.ts'
import { valuesFile } from '../../helm/helm-flags.ts'
import { loadValues } from '../../values/load-values.ts'
import type { ClusterWork, ConnectedWork } from '../cluster/cluster-run.ts'
import { connectWork, withLastingCredential } from '../connect/connect-work.ts'
import { type ChartRequest, type OpenCluster, preflightCluster } from '../preflight/preflight-cluster.ts'
import { computeRrsa } from '../ram/cluster-targets.ts'

/** Does the work after the phases connect and preflight. Nothing is written in these phases. */
export async function openCluster<T>(work: ClusterWork, perform: (open: OpenCluster) => Promise<T>): Promise<T> {
  const { cluster, context, run } = work
  run.phase = 'connect'
  context.report(cluster.name, 'connecting')
  return connectWork(work, async (connected) => {
    run.phase = 'preflight'
    const values = await writeValues(connected)
    const preflight = await preflightCluster(connected, { chart: await context.chart(), ...values })
    const from = preflight.history.at(-1)?.revision ?? null
    run.revision = { from, to: from }
    run.chart = preflight.desired.chart
    return withLastingCredential(connected, preflight.desired.hooks.length, (longer) =>
      perform({ ...longer, ...preflight }),
    )
  })
}

function describeWarning({ place, message, hint }: NopassError): string {
  return `${formatPlace(place)}: ${message}. ${hint}`
}

/**
 * Writes the layers as files with the mode 0600, in order. The values that the action computes come
 * last, and are checked with the other layers.
 */
async function writeValues(work: ConnectedWork): Promise<Omit<ChartRequest, 'chart'>> {
  const { cluster, context, run } = work
  const { folder, settings } = context
  const rrsa = await computeRrsa(work)
  const computed = rrsa && { name: 'computed', text: valuesFile({ identity: { rrsa } }) }
  let given: ChartRequest['given']
  let source: ChartRequest['source']
  if (settings.chart.ours) {
    const { defaults } = settings.chart
    const files = cluster.settings.layers.map(({ source }) => source)
    const loaded = loadValues({ files, defaults, computed })
    const [error] = loaded.errors
    if (error) throw error
    given = loaded.given
    source = loaded
    run.notes.push(...cluster.warnings.map(describeWarning))
  }
  const layers = [...cluster.settings.layers, ...(computed ? [computed] : [])]
  const files: string[] = []
  for (const [index, { text }] of layers.entries()) {
    files.push(await folder.write(`${cluster.name}-${index}.values.yaml`, text))
  }
  return { valuesFiles: files, given, source }
}
