import { NopassError } from '../../errors.ts'

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
