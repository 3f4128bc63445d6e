/** A moment at which a job is cancelled, and what it meets. */
export interface CancelPoint {
  readonly index: number
  /** Counted from the start of the action, from the moment at which it starts helm, or at which helm has begun its revision. */
  readonly after: 'start' | 'helm' | 'pending'
  readonly milliseconds: number
  /** `upgrade`: a good release is there. `install`: none is. */
  readonly onto: 'upgrade' | 'install'
  /** The new Pod never gets ready, so that helm is surely waiting. */
  readonly stuck: boolean
  /** The machine is gone at once, helm with it: no signal that a program could catch, no post step. */
  readonly lost: boolean
  /** Which Helm does the work; every kind of moment meets both by turns. */
  readonly helm: HelmName
}

export type HelmName = 'helm3' | 'helm4'

/** The same seed gives the same points; a longer list begins with the shorter one. */
export function cancelPoints(seed: number, count: number): readonly CancelPoint[] {
  // Of its own seed, so that the moments are those of a soak with one Helm.
  const coin = createRandom(seed ^ 0x48656c6d)
  const turns = new Map<string, HelmName>()
  const nextHelm = (kind: string): HelmName => {
    const last = turns.get(kind) ?? (coin() < 0.5 ? 'helm3' : 'helm4')
    const next = last === 'helm3' ? 'helm4' : 'helm3'
    turns.set(kind, next)
    return next
  }
  const random = createRandom(seed)
  return Array.from({ length: count }, (_, index) => {
    const after = (['start', 'helm', 'pending'] as const)[index % 3] ?? 'start'
    const milliseconds = Math.round(random() * (after === 'start' ? 3000 : 2500))
    const onto = index % 5 === 4 ? 'install' : 'upgrade'
    const [stuck, lost] = [index % 2 === 1, index % 8 === 7]
    const helm = nextHelm(lost ? 'lost' : `${after} ${onto} ${stuck}`)
    return { index, after, milliseconds, onto, stuck, lost, helm }
  })
}

/** mulberry32 */
function createRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let bits = Math.imul(state ^ (state >>> 15), 1 | state)
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits
    return ((bits ^ (bits >>> 14)) >>> 0) / 4_294_967_296
  }
}

export function describePoint({ after, milliseconds, onto, stuck, lost, helm }: CancelPoint): string {
  const end = lost ? 'the machine is lost' : 'cancelled'
  return `${helm}: ${onto}, ${end} ${milliseconds} ms after ${after}${stuck ? ', waiting' : ''}`
}
