import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { NopassError } from '../errors.ts'
import { helmEnvironment } from './helm-environment.ts'
import { runProgram } from './run-helm.ts'

/** A checked helm, and the environment of its children. */
export interface Helm {
  readonly path: string
  readonly version: HelmVersion
  readonly environment: Readonly<Record<string, string>>
}

export interface FindHelmOptions {
  /** The path of a helm that an earlier step used. Default: `HELM`, then PATH. */
  readonly path?: string | undefined
  readonly environment: NodeJS.ProcessEnv
  /** A private folder for helm's caches. */
  readonly home: string
  readonly signal?: AbortSignal | undefined
}

/** `helm version` prints one line immediately. */
const LIMITS = { milliseconds: 60_000, bytes: 1024 * 1024 }

/**
 * Finds helm, and reads its version by running it. Supported versions were tested: 3.18 and newer,
 * because of its schema engine and flags, and 4.x.
 * @throws HELM_NOT_FOUND, HELM_VERSION_UNSUPPORTED
 */
export async function findHelm(options: FindHelmOptions): Promise<Helm> {
  const path = options.path ?? (await searchHelm(options.environment))
  if (path === undefined) throw new NopassError('HELM_NOT_FOUND', 'no `helm` on PATH')
  const environment = helmEnvironment(options.environment, options.home)
  const { signal } = options
  const args = ['version', '--template', '{{.Version}}']
  const output = await runProgram(path, args, environment, { ...LIMITS, signal }).catch((cause) => {
    signal?.throwIfAborted()
    throw new NopassError('HELM_NOT_FOUND', `${path} cannot be run: ${cause.message}`, { cause })
  })
  const version = parseHelmVersion(output.stdout)
  if (!version) throw new NopassError('HELM_NOT_FOUND', `${path} does not report its version`)
  if (version.major !== 4 && !(version.major === 3 && version.minor >= 18)) {
    throw new NopassError(
      'HELM_VERSION_UNSUPPORTED',
      `${path} is helm ${version.text}; 3.18 or newer, or 4.x, is needed`,
    )
  }
  return { path, version, environment }
}

/** Returns the path in `HELM`, else the first `helm` on PATH. */
async function searchHelm(environment: NodeJS.ProcessEnv): Promise<string | undefined> {
  const given = environment.HELM
  const folders = (environment.PATH ?? '').split(delimiter).filter((folder) => folder !== '')
  for (const candidate of [...(given ? [given] : []), ...folders.map((folder) => join(folder, 'helm'))]) {
    const usable = await isProgram(candidate)
    if (usable) return candidate
  }
  return undefined
}

/** A folder can be executable too, which means that it can be entered, so folders are excluded. */
async function isProgram(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK)
    return (await stat(path)).isFile()
  } catch {
    return false
  }
}

export type HelmVersion = NonNullable<ReturnType<typeof parseHelmVersion>>

/**
 * Parses the output of `helm version --template '{{.Version}}'`. Returns undefined if it is not a
 * version. `text` is helm's own spelling, such as `v4.3.1`.
 */
export function parseHelmVersion(text: string) {
  const match = /^v?(\d+)\.(\d+)(?:\.(\d+))?[\w.+-]{0,64}/.exec(text.trim())
  if (!match) return undefined
  return { major: Number(match[1]), minor: Number(match[2]), patch: Number(match[3] ?? 0), text: match[0] }
}
