import { KUBERNETES_VARIABLE } from '../../test/support/control-plane.ts'
import type { Rung } from './rungs.ts'

/** Some files of a rung in one environment. */
export interface Pass {
  readonly rung: Rung
  /** As the run's log names it. */
  readonly title: string
  readonly files: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

/** Files of the cluster rung that say nothing new on the oldest minor, and why; every other one runs there too. */
export const NEWEST_ONLY: Readonly<Record<string, string>> = {
  'test/cluster/chart-pods.test.ts': 'MutatingAdmissionPolicy v1 is served from 1.36 on',
  'test/cluster/chart-pods-images.test.ts': 'MutatingAdmissionPolicy v1 is served from 1.36 on',
  'test/cluster/doctor-helper.test.ts': 'about findings; a row of its own names what the oldest minor lacks',
  'test/cluster/doctor-oldest.test.ts': 'starts the oldest minor itself',
  'test/cluster/doctor-pods.test.ts': 'MutatingAdmissionPolicy v1 is served from 1.36 on',
  'test/cluster/helper-identities.test.ts': 'about the cloud; of the API server it asks what every other file asks',
  'test/cluster/helper-reload.test.ts': 'about mounted files; of the API server it asks what every other file asks',
  'test/cluster/sandbox-cluster.test.ts': 'the test bed itself, which every other file uses on both',
  'test/cluster/sandbox-process-node.test.ts': 'the test bed itself, which every other file uses on both',
  'test/cluster/sandbox-up.test.ts': 'the sandbox command starts the newest minor only',
}

/** How often the files of a rung run: those of the cluster rung on the newest Kubernetes, and again on the oldest. */
export function passesOf(rung: Rung, files: readonly string[]): Pass[] {
  const first = { rung, title: rung.name, files, env: {} }
  const again = rung.name === 'cluster' ? files.filter((file) => !(file in NEWEST_ONLY)) : []
  if (again.length === 0) return [first]
  const env = { [KUBERNETES_VARIABLE]: 'oldest' }
  return [first, { rung, title: `${rung.name}, oldest Kubernetes`, files: again, env }]
}
