import type { KubeClient } from '../../src/kube/client.ts'
import type { KubeObject } from '../../src/kube/types.ts'
import { createReflector, type Reflector } from '../../src/kube/watch/reflector.ts'
import type { Versioned } from '../../src/kube/watch/store.ts'
import { systemClock } from '../../src/lib/clock.ts'

/** Watches whole objects. A field selector may limit the watch to some of them. */
export function follow<T extends KubeObject>(
  client: KubeClient,
  path: string,
  fieldSelector: string | undefined,
  onChange: (key: string, object: T | undefined, previous: T | undefined) => void,
): Reflector<T & Versioned> {
  return createReflector<T, T & Versioned>({
    client,
    clock: systemClock,
    random: Math.random,
    features: { watchList: true },
    path,
    ...(fieldSelector !== undefined && { selector: { fieldSelector } }),
    transform: (object) => ({ ...object, uid: object.metadata.uid, resourceVersion: object.metadata.resourceVersion }),
    onChange,
  })
}
