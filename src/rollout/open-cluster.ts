import { valuesFile } from '../helm/helm-flags.ts'
import { parseGoDuration } from '../lib/go-duration.ts'
import { loadValues } from '../values/load-values.ts'
import type { ClusterWork, ConnectedWork } from './cluster-run.ts'
import { connectCluster, kubeconfigMinutes } from './connect/connect-cluster.ts'
import { type ChartRequest, type Preflight, preflightCluster } from './connect/preflight-cluster.ts'
import { openRelease } from './deploy/open-release.ts'
import { computeRrsa } from './ram/cluster-targets.ts'

/** A cluster that was reached and passed the preflight. */
export interface OpenCluster extends ConnectedWork, Preflight {}

/** Does the work after the phases connect and preflight, in which nothing is written. */
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
    return outlast(connected, preflight.desired.hooks.length, (longer) => perform({ ...longer, ...preflight }))
  })
}

/**
 * Does the work with a credential that outlives the chart's hooks, which are known only once the cluster has been read: ACK's kubeconfig
 * would end while helm waits for them, and the release would stay pending.
 */
export async function outlast<T>(
  work: ConnectedWork,
  hooks: number,
  perform: (longer: ConnectedWork) => Promise<T>,
): Promise<T> {
  const seconds = parseGoDuration(work.context.settings.inputs.timeout, 'timeout')
  const isEnough =
    work.cluster.settings.access.kind !== 'ack' || kubeconfigMinutes(seconds, hooks) <= kubeconfigMinutes(seconds, 0)
  return isEnough ? perform(work) : connectWork(work, perform, hooks)
}

/** Does the work with a connection to the cluster, which lasts for as long as the work may take. */
export async function connectWork<T>(
  work: ClusterWork,
  perform: (connected: ConnectedWork) => Promise<T>,
  hooks = 0,
): Promise<T> {
  const { cluster, context, run, signal } = work
  const { settings, folder, helm } = context
  const { timeout } = settings.inputs
  const { client, target, notes, ...connected } = await connectCluster(work, hooks)
  run.notes.push(...notes.filter((note) => !run.notes.includes(note)))
  const report = (line: string): void => context.report(cluster.name, line)
  try {
    const release = openRelease({ cluster: cluster.name, client, helm, folder, target, timeout, report, signal })
    return await perform({ ...work, ...connected, release })
  } finally {
    client.close()
  }
}

/** The layers as 0600 files, in order; what the action computes comes last and is judged with the rest (P11). */
async function writeValues(work: ConnectedWork): Promise<Pick<ChartRequest, 'valuesFiles' | 'given'>> {
  const { cluster, context } = work
  const { folder, settings } = context
  const rrsa = await computeRrsa(work)
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
