import { toNopassError } from '../../errors.ts'
import type { Revision } from '../../helm/release/release-state.ts'

/** Reads the current history of a cluster's release, oldest revision first. */
export type HistoryReader = (cluster: string) => Promise<readonly Revision[]>

/**
 * Returns why no permission may be taken from these clusters now. Either another deployer changed
 * the release since this run ended its work there, so the release's needs are unknown, or the
 * history cannot be read. Undefined if nothing has changed.
 * @param left the newest revision as this run left it; undefined if there is no release
 */
export async function changedSince(
  clusters: readonly string[],
  left: (cluster: string) => Revision | undefined,
  read: HistoryReader,
): Promise<string | undefined> {
  const reasons = await Promise.all(
    clusters.map(async (name) => {
      try {
        return differenceOf(name, left(name), (await read(name)).at(-1))
      } catch (error) {
        const { code, message } = toNopassError(error)
        return `acr-nopass could not read whether another deployer has changed the release in ${name} (${code}: ${message})`
      }
    }),
  )
  return reasons.find((reason) => reason !== undefined)
}

function differenceOf(name: string, left: Revision | undefined, newest: Revision | undefined): string | undefined {
  // If a release was uninstalled and installed again, its revisions begin with 1 again.
  const isSame =
    left?.revision === newest?.revision && left?.status === newest?.status && left?.updated === newest?.updated
  if (isSame) return undefined
  const since =
    left === undefined ? 'after this run uninstalled it' : `after this run verified revision ${left.revision}`
  return newest === undefined
    ? `another deployer uninstalled the release in ${name} ${since}`
    : `another deployer made revision ${newest.revision} (${newest.status}) in ${name} ${since}`
}
