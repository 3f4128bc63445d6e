import type { CheckRules, ClusterFacts, ReleaseFacts } from '../../src/fleet/cluster-facts.ts'
import type { InstalledRelease } from '../../src/helm/release/release-record.ts'
import type { Revision } from '../../src/helm/release/release-state.ts'
import { admission, fixture, NOW } from '../doctor/fixture.ts'

export const RULES: CheckRules = { chart: 'acr-nopass-1.0.0', version: '0.1.0', horizonMs: 24 * 3_600_000 }

export const DEPLOYED: Revision = { revision: 3, updated: '2026-03-01T10:00:00Z', status: 'deployed' }
const CONTENT: InstalledRelease = { chart: 'acr-nopass-1.0.0', values: {}, objects: [], hooks: [] }

interface Change {
  readonly observed?: Parameters<typeof fixture>[0]
  readonly release?: Partial<ReleaseFacts>
  readonly attach?: string
}

/** A healthy cluster, with your difference. */
export function clusterFacts({ observed = {}, release = {}, attach }: Change = {}): ClusterFacts {
  return {
    name: 'prod',
    ack: null,
    reached: {
      kubeSystemUid: 'u-1',
      observed: fixture({
        admission: admission(),
        secrets: new Map(),
        namespaces: [],
        accounts: [],
        pods: [],
        ...observed,
      }),
      release: {
        namespace: 'acr-nopass',
        name: 'acr-nopass',
        history: [DEPLOYED],
        deployed: CONTENT,
        objects: [],
        values: [],
        ...release,
      },
      attach,
    },
  }
}

/** Minutes from the time of the check, as RFC 3339. */
export const at = (minutes: number): string => new Date(NOW + minutes * 60_000).toISOString()
