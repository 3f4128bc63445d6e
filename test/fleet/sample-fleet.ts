import { releaseObjects } from './release-objects.ts'
import { type Fleet, openFleet } from './run-check.ts'

/** The page's clusters: one that works, one that does not, and one that differs from the list. */
export function openSampleFleet(): Promise<Fleet> {
  return openFleet({
    staging: () => releaseObjects({ chart: '0.9.0', values: { logLevel: 'debug' } }),
    'production-hangzhou': () => releaseObjects(),
    'production-beijing': () => releaseObjects({ replicas: 0 }),
  })
}
