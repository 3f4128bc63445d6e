import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { goArchitecture, type Host } from '../host.ts'
import { TestbedError } from '../testbed-error.ts'
import type { PinnedTool } from './find-tool.ts'

/** A published archive of a tool, for one platform. */
export interface Release {
  readonly url: URL
  readonly sha256: string
  /** The path of the program in the archive. */
  readonly program: string
}

/** A row of releases.yaml. */
export interface ReleaseRow {
  readonly version: string
  readonly program: string
  readonly files: Readonly<Record<string, { readonly url: string; readonly sha256: string }>>
  readonly confirmed: readonly string[]
}

export function readReleases(toolsFolder: string): Readonly<Record<string, ReleaseRow>> {
  return parse(readFileSync(join(toolsFolder, 'build', 'releases.yaml'), 'utf8'))
}

/** Where archives come from: the projects' own pages, a mirror, or nowhere. */
type Origin = { readonly kind: 'projects' } | { readonly kind: 'mirror'; readonly base: URL } | { readonly kind: 'off' }

/**
 * Reads `ACR_NOPASS_RELEASES`: unset, `off`, or the URL of a mirror that serves an archive of
 * `https://HOST/PATH` as `MIRROR/HOST/PATH`. A mirror need not be trusted, because the hash of each
 * archive is in this repository.
 * @throws TOOL_MIRROR
 */
function releaseOrigin(env: Host['env']): Origin {
  const text = env.ACR_NOPASS_RELEASES
  if (!text) return { kind: 'projects' }
  if (text === 'off') return { kind: 'off' }
  const base = URL.parse(text.endsWith('/') ? text : `${text}/`)
  if (base?.protocol === 'https:' || base?.protocol === 'http:') return { kind: 'mirror', base }
  // The text may contain a password, so it is not repeated.
  throw new TestbedError('TOOL_MIRROR', 'ACR_NOPASS_RELEASES is neither `off` nor an http or https URL')
}

/** Returns the release of a tool at exactly its pinned version, or undefined if there is none. */
export function releaseOf(
  { name, version }: Pick<PinnedTool, 'name' | 'version'>,
  rows: Readonly<Record<string, ReleaseRow>>,
  host: Pick<Host, 'env' | 'platform' | 'arch'>,
): Release | undefined {
  const row = rows[name]
  const file = row?.files[`${host.platform}-${host.arch}`]
  const origin = releaseOrigin(host.env)
  if (row === undefined || file === undefined || row.version !== version || origin.kind === 'off') return undefined
  const url = new URL(file.url)
  return {
    url: origin.kind === 'mirror' ? new URL(`${url.host}${url.pathname}`, origin.base) : url,
    sha256: file.sha256,
    program: row.program.replace('{arch}', goArchitecture(host.arch)),
  }
}
