import type { KubeClient } from '../../kube/client.ts'
import type { KubeObject } from '../../kube/types.ts'
import { createReflector, type Reflector } from '../../kube/watch/reflector.ts'
import type { Versioned } from '../../kube/watch/store.ts'
import { systemClock } from '../../lib/clock.ts'

/** Watches whole objects, of which a field selector may choose some. */
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
