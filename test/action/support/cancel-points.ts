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
}

/** The same seed gives the same points; a longer list begins with the shorter one. */
export function cancelPoints(seed: number, count: number): readonly CancelPoint[] {
  let state = seed
  // mulberry32
  const random = (): number => {
    state = (state + 0x6d2b79f5) | 0
    let bits = Math.imul(state ^ (state >>> 15), 1 | state)
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits
    return ((bits ^ (bits >>> 14)) >>> 0) / 4_294_967_296
  }
  return Array.from({ length: count }, (_, index) => {
    const after = (['start', 'helm', 'pending'] as const)[index % 3] ?? 'start'
    const milliseconds = Math.round(random() * (after === 'start' ? 3000 : 2500))
    return {
      index,
      after,
      milliseconds,
      onto: index % 5 === 4 ? 'install' : 'upgrade',
      stuck: index % 2 === 1,
      lost: index % 8 === 7,
    }
  })
}

export function describePoint({ after, milliseconds, onto, stuck, lost }: CancelPoint): string {
  const end = lost ? 'the machine is lost' : 'cancelled'
  return `${onto}, ${end} ${milliseconds} ms after ${after}${stuck ? ', helm waiting' : ''}`
}
