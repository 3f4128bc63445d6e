import { valuesFile } from '../helm/helm-flags.ts'
import { parseGoDuration } from '../lib/go-duration.ts'
import { loadValues } from '../values/load-values.ts'
import type { ClusterWork } from './cluster-run.ts'
import { type ConnectedCluster, connectCluster } from './connect/connect-cluster.ts'
import { type ChartRequest, type Preflight, preflightCluster } from './connect/preflight-cluster.ts'
import { computeRrsa } from './ram/cluster-targets.ts'

/** A cluster that was reached and passed the preflight. */
export interface OpenCluster {
  readonly connected: ConnectedCluster
  readonly preflight: Preflight
}

/** The phases connect and preflight: no write happens in them. The caller closes `connected.client`. */
export async function openCluster(work: ClusterWork): Promise<OpenCluster> {
  const { cluster, context, run } = work
  const { settings } = context
  run.phase = 'connect'
  context.report(cluster.name, 'connecting')
  const connected = await connectWork(work)
  run.notes.push(...connected.notes)
  try {
    run.phase = 'preflight'
    const { valuesFiles, given } = await writeValues(work, connected)
    const chart = { chart: settings.chart.reference, chartVersion: settings.chart.version, valuesFiles, given }
    const preflight = await preflightCluster(work, connected, chart)
    const from = preflight.history.at(-1)?.revision ?? null
    run.revision = { from, to: from }
    run.chart = preflight.desired.chart
    run.notes.push(...preflight.notes)
    return { connected, preflight }
  } catch (error) {
    connected.client.close()
    throw error
  }
}

/** Connects to the cluster for as long as the work may take. */
export function connectWork({ cluster, context, signal }: ClusterWork): Promise<ConnectedCluster> {
  const { settings, folder, cloud, mask, helm } = context
  const minutes = kubeconfigMinutes(parseGoDuration(settings.inputs.timeout, 'timeout'))
  return connectCluster(cluster.settings, { cloud, folder, mask, minutes, environment: helm.environment }, signal)
}

/** Deploy, rollback and verification, or retiring, the wait for it and the uninstall, each may take helm's timeout; ACK gives 15 minutes at least and three days at most. */
export function kubeconfigMinutes(timeoutSeconds: number): number {
  return Math.min(4320, Math.max(15, Math.ceil((timeoutSeconds * 3) / 60) + 5))
}

/** The layers as 0600 files, in order; what the action computes comes last and is judged with the rest (P11). */
async function writeValues(
  work: ClusterWork,
  connected: ConnectedCluster,
): Promise<Pick<ChartRequest, 'valuesFiles' | 'given'>> {
  const { cluster, context } = work
  const { folder, settings } = context
  const rrsa = await computeRrsa(work, connected)
  const computed = rrsa && { name: 'computed', text: valuesFile({ identity: { rrsa } }) }
  let given: ChartRequest['given']
  if (settings.chart.ours) {
    const { defaults } = settings.chart
    const files = cluster.settings.layers.map(({ source }) => source)
    const loaded = loadValues({ files, defaults, computed })
    const [error] = loaded.errors
    if (error) throw error
    given = loaded.given
  }
  const layers = [...cluster.settings.layers, ...(computed ? [computed] : [])]
  const files: string[] = []
  for (const [index, { text }] of layers.entries()) {
    files.push(await folder.write(`${cluster.name}-${index}.values.yaml`, text))
  }
  return { valuesFiles: files, given }
}
