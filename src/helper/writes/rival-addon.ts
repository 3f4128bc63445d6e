import { NopassError } from '../../errors.ts'

/**
 * The pull secrets of Alibaba's own credential helper, of today and of 2018
 * (docs/en/decisions.md#vendor-addon).
 */
const ADDON_SECRET = /^(aliyun-)?acr-credential-/

/**
 * Detects from the lists of our ServiceAccounts, without further permissions, whether the vendor's
 * add-on serves them too.
 * @param secretName our own, which may be one of the add-on's (`adopt`)
 * @param report called with one such ServiceAccount, with another one when that is served by us
 * alone again, and with none at the end
 */
export function createRivalAddon(secretName: string, report: (key?: string, problem?: NopassError) => void) {
  const found = new Map<string, string>()
  let reported: string | undefined
  return {
    /**
     * Call with the list of each ServiceAccount that is a target, and with undefined for one that
     * is not, or not any more.
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
