import type { Reflector } from '../../kube/watch/reflector.ts'
import type { Versioned } from '../../kube/watch/store.ts'

/**
 * Joins several reflectors, each for one namespace, to one source.
 * @param names the namespace of each reflector
 * @param refused whether a namespace cannot be read, so that `synced` does not wait for it
 */
export function joinReflectors<T extends Versioned>(
  parts: readonly Reflector<T>[],
  names: readonly string[],
  refused?: (name: string) => boolean,
): Source<T> {
  const [only] = parts
  if (parts.length === 1 && only && refused === undefined) return only
  const byNamespace = new Map(names.map((name, index) => [name, parts[index]]))
  const at = (key: string): Reflector<T> | undefined => byNamespace.get(key.split('/')[0] ?? '')
  return {
    get: (key) => at(key)?.get(key),
    put: (key, view) => at(key)?.put(key, view),
    isOutdated: (key) => at(key)?.isOutdated(key) === true,
    entries: () => parts.flatMap((part) => [...part.entries()]),
    get synced() {
      return parts.every(({ synced }, index) => synced || refused?.(names[index] ?? ''))
    },
    get lastProgress() {
      return Math.min(...parts.map(({ lastProgress }) => lastProgress))
    },
    get lastActivity() {
      return Math.min(...parts.map(({ lastActivity }) => lastActivity))
    },
    async run(signal) {
      await Promise.all(parts.map((part) => part.run(signal)))
    },
    rewind() {
      for (const part of parts) part.rewind()
    },
  }
}

/** A cache for the plan and the health check. */
export interface Source<T extends Versioned> extends Omit<Reflector<T>, 'entries' | 'remove' | 'size'> {
  entries(): Iterable<[string, T]>
}
