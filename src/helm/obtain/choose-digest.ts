import { NopassError } from '../../errors.ts'
import { withoutLogin } from './fetch-archive.ts'
import { HELM_DIGESTS, type HelmDigests, type HelmTarget } from './helm-digests.ts'

export interface DigestChoice {
  /** Three numbers, such as `4.3.0`. */
  readonly version: string
  readonly target: HelmTarget
  /** The input `helm-sha256`; '' when it is not given. */
  readonly given: string
  readonly mirror: string
  readonly digests?: HelmDigests | undefined
}

/**
 * The SHA-256 that the archive must have: the one given, which must be the known one where one is known, else the known one.
 * @throws NopassError `HELM_DOWNLOAD_FAILED`
 */
export function chooseDigest({ version, target, given, mirror, digests = HELM_DIGESTS }: DigestChoice): string {
  const archive = `helm-v${version}-${target}.tar.gz`
  const known = Object.hasOwn(digests, version) ? digests[version]?.[target] : undefined
  const wanted = given.toLowerCase()
  if (wanted !== '' && !/^[0-9a-f]{64}$/.test(wanted)) {
    throw failed('helm-sha256 is not a SHA-256: it has 64 hexadecimal digits', `Set it to the one of ${archive}.`)
  }
  if (known === undefined && wanted === '') {
    const versions = Object.keys(digests).filter((one) => digests[one]?.[target] !== undefined)
    throw failed(
      `helm ${version} is not on PATH, and the checksum of ${archive} is not known here: helm-sha256 is needed`,
      `Set helm-sha256 to the one that ${withoutLogin(mirror)} publishes for it, or take a version that needs none: ${versions.join(', ')}.`,
    )
  }
  if (known !== undefined && wanted !== '' && wanted !== known) {
    throw failed(
      `helm-sha256 is ${wanted}, but ${archive} has the SHA-256 ${known}`,
      'Leave helm-sha256 out: this version needs none. An archive with another checksum is not the one that Helm published.',
    )
  }
  return known ?? wanted
}

function failed(message: string, hint: string): NopassError {
  return new NopassError('HELM_DOWNLOAD_FAILED', message, { hint })
}
