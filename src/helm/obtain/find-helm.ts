import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { NopassError } from '../../errors.ts'
import { helmEnvironment } from '../helm-environment.ts'
import { runProgram, VERSION_LIMITS } from '../run-helm.ts'

/** A helm that was found and checked, with the environment of its children. */
export interface Helm {
  readonly path: string
  readonly version: HelmVersion
  readonly environment: Readonly<Record<string, string>>
}

export interface FindHelmOptions {
  /** A path given by the user, or of a download; else `HELM` and then PATH are searched. */
  readonly path?: string | undefined
  /** Exact version asked for. */
  readonly version?: string | undefined
  readonly environment: NodeJS.ProcessEnv
  /** A private folder for helm's caches. */
  readonly home: string
}

/**
 * The helm to use, checked by running it once.
 * @throws NopassError `HELM_NOT_FOUND`, `HELM_VERSION_UNSUPPORTED`
 */
export async function findHelm(options: FindHelmOptions): Promise<Helm> {
  const path = options.path ?? (await searchHelm(options.environment))
  if (path === undefined) throw new NopassError('HELM_NOT_FOUND', 'no `helm` on PATH')
  const environment = helmEnvironment(options.environment, options.home)
  const output = await runProgram(path, ['version', '--template', '{{.Version}}'], environment, VERSION_LIMITS).catch(
    (cause) => {
      throw new NopassError('HELM_NOT_FOUND', `${path} cannot be run`, { cause })
    },
  )
  const version = parseHelmVersion(output.stdout)
  if (!version) throw new NopassError('HELM_NOT_FOUND', `${path} does not say which helm it is`)
  requireHelmVersion(version, options.version, path)
  return { path, version, environment }
}

/** The first `helm` of `HELM` and PATH; undefined when there is none. */
export async function searchHelm(environment: NodeJS.ProcessEnv): Promise<string | undefined> {
  const given = environment.HELM
  const folders = (environment.PATH ?? '').split(delimiter).filter((folder) => folder !== '')
  for (const candidate of [...(given ? [given] : []), ...folders.map((folder) => join(folder, 'helm'))]) {
    const usable = await access(candidate, constants.X_OK).then(
      () => true,
      () => false,
    )
    if (usable) return candidate
  }
  return undefined
}

export interface HelmVersion {
  readonly major: number
  readonly minor: number
  readonly patch: number
  /** As helm prints it, such as `v4.3.1`. */
  readonly text: string
}

/** Reads what `helm version --template '{{.Version}}'` prints; undefined when it is no version. */
export function parseHelmVersion(text: string): HelmVersion | undefined {
  const match = /^v?(\d+)\.(\d+)(?:\.(\d+))?[\w.+-]{0,64}/.exec(text.trim())
  if (!match) return undefined
  return { major: Number(match[1]), minor: Number(match[2]), patch: Number(match[3] ?? 0), text: match[0] }
}

/** 3.18 is the first whose schema engine and flags are tested here; 4.x all. */
export function isSupportedHelm(version: HelmVersion): boolean {
  return version.major === 4 || (version.major === 3 && version.minor >= 18)
}

/**
 * Refuses a helm that cannot do the work.
 * @throws NopassError `HELM_VERSION_UNSUPPORTED`
 */
export function requireHelmVersion(found: HelmVersion, wanted: string | undefined, path: string): void {
  const want = wanted === undefined ? undefined : parseHelmVersion(wanted)
  if (want && (want.major !== found.major || want.minor !== found.minor || want.patch !== found.patch)) {
    throw new NopassError('HELM_VERSION_UNSUPPORTED', `${path} is helm ${found.text}, but ${wanted} was asked for`, {
      hint: `Install helm ${wanted}, or leave the version out to use ${found.text}.`,
    })
  }
  if (!isSupportedHelm(found)) {
    throw new NopassError('HELM_VERSION_UNSUPPORTED', `${path} is helm ${found.text}; 3.18 or newer, or 4.x, is needed`)
  }
}
