import { NopassError } from '../../errors.ts'

/** The pull secrets of Alibaba's own credential helper, of today and of 2018 (docs/en/decisions.md#vendor-addon). */
const ADDON_SECRET = /^(aliyun-)?acr-credential-/

/** Sees by the lists of our ServiceAccounts, and so without any right more, whether the vendor's add-on serves them too. */
export interface RivalAddon {
  /** Call with the list of each ServiceAccount that is a target, and with undefined for one that is none (any more). */
  note(key: string, list: readonly string[] | undefined): void
}

export interface RivalAddonOptions {
  /** Ours, which may carry one of those names (`adopt`). */
  readonly secretName: string
  /** The first ServiceAccount of which it is known; another one when that is served by us alone. */
  readonly onFound: (key: string, problem: NopassError) => void
  readonly onGone: () => void
}

export function createRivalAddon({ secretName, onFound, onGone }: RivalAddonOptions): RivalAddon {
  const found = new Map<string, string>()
  let told: string | undefined
  return {
    note(key, list) {
      const entry = list?.find((name) => name !== secretName && ADDON_SECRET.test(name))
      if (entry !== undefined) found.set(key, entry)
      else if (!found.delete(key)) return
      if (told !== undefined && found.has(told)) return
      const [next] = found
      told = next?.[0]
      if (next === undefined) onGone()
      else onFound(next[0], problemOf(next[0], next[1]))
    },
  }
}

function problemOf(key: string, entry: string): NopassError {
  const [namespace = '', serviceAccount = ''] = key.split('/')
  return new NopassError(
    'RIVAL_ADDON',
    `ServiceAccount ${serviceAccount} also names ${entry} of Alibaba's credential helper, which serves the same namespaces`,
    { place: { namespace } },
  )
}
