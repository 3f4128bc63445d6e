/** A key that waits in the lane `later`. */
export interface Waiting {
  readonly key: string
  /** The earliest goes first. */
  readonly deadline: number
  /** Order of arrival, for equal deadlines. */
  readonly order: number
}

/** A binary heap, ordered by deadline, then arrival. */
export interface DeadlineHeap {
  push(item: Waiting): void
  peek(): Waiting | undefined
  pop(): Waiting | undefined
  readonly size: number
}

export function createDeadlineHeap(): DeadlineHeap {
  const items: Waiting[] = []
  const swap = (a: number, b: number): void => {
    const first = items[a]
    const second = items[b]
    if (first && second) {
      items[a] = second
      items[b] = first
    }
  }
  const before = (a: number, b: number): boolean => {
    const first = items[a]
    const second = items[b]
    return first !== undefined && (second === undefined || compare(first, second) < 0)
  }
  return {
    push(item) {
      let at = items.push(item) - 1
      while (at > 0) {
        const parent = (at - 1) >> 1
        if (!before(at, parent)) break
        swap(at, parent)
        at = parent
      }
    },
    peek: () => items[0],
    pop() {
      const top = items[0]
      const last = items.pop()
      if (last === undefined || items.length === 0) return top
      items[0] = last
      for (let at = 0; ; ) {
        const left = 2 * at + 1
        const child = before(left + 1, left) ? left + 1 : left
        if (child >= items.length || !before(child, at)) break
        swap(at, child)
        at = child
      }
      return top
    },
    get size() {
      return items.length
    },
  }
}

function compare(a: Waiting, b: Waiting): number {
  return a.deadline === b.deadline ? a.order - b.order : a.deadline < b.deadline ? -1 : 1
}
