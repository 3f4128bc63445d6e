/** The part of an object by which a store decides which version is newer. */
export interface Versioned {
  readonly uid: string
  readonly resourceVersion: string
}

/** Called after each change of a store. It should only enqueue; it must not block. */
export type ChangeHandler<T> = (key: string, current: T | undefined, previous: T | undefined) => void

/** How many deletions are remembered. A late event is late only by moments. */
const DELETIONS = 1_000

/**
 * Stores the newest known version of each object. Older events, deletions included, are ignored.
 */
export function createStore<T extends Versioned>(onChange: ChangeHandler<T>) {
  const views = new Map<string, T>()
  // The response to our own write may arrive after the event that another client deleted the
  // object.
  const deletions = new Map<string, string>()
  const outdated = new Set<string>()
  /** True if exactly this version is known. */
  const has = (key: string, { uid, resourceVersion }: Versioned): boolean => {
    const known = views.get(key)
    return known?.resourceVersion === resourceVersion && known.uid === uid && !outdated.has(key)
  }
  const noteDeletion = (key: string, version: string): void => {
    deletions.delete(key)
    deletions.set(key, version)
    const [oldest] = deletions.size > DELETIONS ? deletions.keys() : []
    if (oldest !== undefined) deletions.delete(oldest)
  }
  /** Stores an object from a list, a watch or the response to our own write. */
  const put = (key: string, view: T): void => {
    if (has(key, view)) return
    const previous = views.get(key)
    if (outdated.delete(key)) {
      // After a rewind, versions cannot be compared, so any event replaces the object.
    } else if (previous !== undefined) {
      if (isOlderVersion(view.resourceVersion, previous.resourceVersion)) return
    } else if (deletions.size > 0) {
      const deleted = deletions.get(key)
      if (deleted !== undefined && isOlderVersion(view.resourceVersion, deleted)) return
    }
    views.set(key, view)
    onChange(key, view, previous)
  }
  return {
    get: (key: string) => views.get(key),
    entries: () => views.entries(),
    get size() {
      return views.size
    },
    put,
    /**
     * Stores an object that was read from etcd without a concurrent read. It replaces any known
     * version.
     */
    replace(key: string, view: T): void {
      if (has(key, view)) return
      outdated.add(key)
      put(key, view)
    },
    /**
     * `resourceVersion` is the version of the deletion. If undefined, the object is removed in any
     * version.
     */
    remove(key: string, resourceVersion?: string): void {
      const previous = views.get(key)
      const isOutdated = outdated.delete(key)
      if (resourceVersion !== undefined && !isOutdated) {
        if (previous !== undefined && isOlderVersion(resourceVersion, previous.resourceVersion)) return
        noteDeletion(key, resourceVersion)
      }
      if (previous === undefined) return
      views.delete(key)
      onChange(key, undefined, previous)
    },
    /** The newest known version of the object or of its deletion. */
    versionOf: (key: string) => views.get(key)?.resourceVersion ?? deletions.get(key),
    has,
    /** True if the versions went back and no event of the object has arrived since. */
    isOutdated: (key: string) => outdated.has(key),
    /**
     * For a server whose versions went back: each object stays until its next event, which replaces
     * it in any version.
     */
    rewind(): void {
      deletions.clear()
      for (const key of views.keys()) outdated.add(key)
    },
  }
}

const DECIMAL = /^\d+$/

/**
 * True if `version` is older. Resource versions are increasing integers (KEP-5504). Any other text
 * counts as newer.
 */
export function isOlderVersion(version: string, than: string): boolean {
  if (!DECIMAL.test(version) || !DECIMAL.test(than)) return false
  return version.length === than.length ? version < than : version.length < than.length
}
