import type { Bed } from './bed.ts'
import { HELPER_USER } from './bed.ts'
import type { Attach, Contender } from './contender.ts'

/** Finds a revoked login within so long. */
const VERIFY = '15s'

/** The helper as its chart runs it, one replica; a rotation is due when the registry refuses the login in use. */
export function helperContender(bed: Bed, attach: Attach, signal: AbortSignal): Contender {
  return {
    username: HELPER_USER,
    attaches: attach === 'serviceAccounts',
    async start() {
      await bed.startNode()
      await bed.install({ attach, replicas: 1, verify: { interval: VERIFY } })
    },
    process() {
      const [pod] = bed.helpers()
      if (pod === undefined) throw new Error('no helper runs')
      return bed.processOf(pod)
    },
    rotate: () => bed.cloud.revokeTokens(signal),
  }
}
