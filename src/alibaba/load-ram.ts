import type { Ram, RamTarget } from './ram.ts'

/** RAM by Alibaba's typed SDK, which is loaded only now: it costs 40 ms that most commands never need. */
export async function loadRam(target: RamTarget): Promise<Ram> {
  const { createRam } = await import('./ram-sdk.ts')
  return createRam(target)
}
