import { NopassError } from '../../errors.ts'

/**
 * Names of the pull secrets of Alibaba's own credential helper: the present name and that of 2018
 * (docs/en/decisions.md#vendor-addon).
 */
const ADDON_SECRET = /^(aliyun-)?acr-credential-/

/**
 * Detects whether the vendor's add-on also manages our ServiceAccounts. Their lists suffice, so no
 * further permission is needed.
 * @param secretName the name of our Secret, which may be a name of the add-on (`adopt`)
 * @param report called with one ServiceAccount that the add-on also manages; again when that
 * ServiceAccount changes; without arguments when none is left
 */
export function createRivalAddon(secretName: string, report: (key?: string, problem?: NopassError) => void) {
  const found = new Map<string, string>()
  let reported: string | undefined
  return {
    /**
     * Call with the list of each ServiceAccount that is a target, and with undefined for each
     * ServiceAccount that is not a target.
     */
    note(key: string, list: readonly string[] | undefined): void {
      const entry = list?.find((name) => name !== secretName && ADDON_SECRET.test(name))
      if (entry !== undefined) found.set(key, entry)
      else if (!found.delete(key)) return
      if (reported !== undefined && found.has(reported)) return
      const [next] = found
      reported = next?.[0]
      if (next === undefined) report()
      else report(next[0], problemOf(...next))
    },
  }
}

function problemOf(key: string, entry: string): NopassError {
  const [namespace = '', serviceAccount = ''] = key.split('/')
  const message = `ServiceAccount ${serviceAccount} also names ${entry} of Alibaba's credential helper, which serves the same namespaces`
  return new NopassError('RIVAL_ADDON', message, { place: { namespace } })
}
