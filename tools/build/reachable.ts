import http from 'node:http'
import type { Host } from '../host.ts'
import { isReachable } from './download-tool.ts'
import type { PinnedTool } from './find-tool.ts'
import { type Release, type ReleaseRow, releaseOf } from './release.ts'
import type { ToolName } from './tool-table.ts'

export interface Reachable {
  readonly reachable: ReadonlyMap<ToolName, Release>
  /** The servers of releases that do not answer. */
  readonly silent: readonly string[]
}

/** What is reachable when nobody asks. */
export const NOTHING: Reachable = { reachable: new Map(), silent: [] }

/** Returns the releases of the missing tools whose server answers. */
export async function findReachable(
  missing: readonly PinnedTool[],
  table: Readonly<Record<string, ReleaseRow>>,
  host: Host,
  signal: AbortSignal,
): Promise<Reachable> {
  const listed = missing.flatMap((tool) => {
    const release = releaseOf(tool, table, host)
    return release === undefined ? [] : [[tool.name, release] as const]
  })
  return withProxy(host, async () => {
    const origins = new Map(listed.map(([, { url }]) => [url.origin, url]))
    const answers = await Promise.all([...origins.values()].map((url) => isReachable(url, signal)))
    const silent = [...origins.values()].filter((_, index) => !answers[index])
    const isSilent = ({ url }: Release): boolean => silent.some(({ origin }) => origin === url.origin)
    return {
      reachable: new Map(listed.filter(([, release]) => !isSilent(release))),
      silent: silent.map(({ host: server }) => server),
    }
  })
}

/** Lets `fetch` use the environment's proxy during downloads, and not in the rest of a command. */
export async function withProxy<Result>(host: Host, work: () => Promise<Result>): Promise<Result> {
  const restore = http.setGlobalProxyFromEnv({ ...host.env })
  try {
    return await work()
  } finally {
    restore()
  }
}
