import { NopassError } from '../../errors.ts'

export type Architecture = 'amd64' | 'arm64'

/** Where nodes fetch the archive of one architecture: a URL, or a path on the node. */
export interface NodeArchive {
  readonly url: string
  /** Lower-case hex. */
  readonly sha256: string
}

/** The checksums of a release. */
export type ReleasedSums = Readonly<Record<Architecture, string>>

const ARCHITECTURES = ['amd64', 'arm64'] as const

/** The name of an archive in a release. */
export function archiveName(version: string, architecture: string): string {
  return `acr-nopass-node-${version}-linux-${architecture}.tgz`
}

export interface ArchiveChoice {
  readonly url: string | undefined
  readonly sha256: readonly string[] | undefined
  readonly released: ReleasedSums | undefined
  readonly version: string
}

/**
 * Returns where nodes fetch the archive of each architecture. A mirror of a release needs no
 * checksums.
 * @throws INPUT_INVALID, INPUT_MISSING
 */
export function chooseArchives(choice: ArchiveChoice): Readonly<Partial<Record<Architecture, NodeArchive>>> {
  const { url, released, version } = choice
  if (url !== undefined) checkAddress(url)
  const sums = readSums(choice.sha256 ?? [], url) ?? released
  if (sums === undefined) {
    throw new NopassError('INPUT_MISSING', 'the checksum of the archive for nodes is not known', {
      hint: 'Only the package of a release knows it. Pass --url and --sha256; SHA256SUMS of the release lists the checksums.',
    })
  }
  const address =
    url ?? `https://github.com/acr-nopass/acr-nopass/releases/download/v${version}/${archiveName(version, '{arch}')}`
  return Object.fromEntries(
    ARCHITECTURES.flatMap((architecture) => {
      const sha256 = sums[architecture]
      return sha256 === undefined ? [] : [[architecture, { url: address.replaceAll('{arch}', architecture), sha256 }]]
    }),
  )
}

/** Parameters of presigned URLs. Whoever reads the script, such as User Data, could use them. */
const SIGNATURE = /^(?:(?:x-[a-z]+-)?(?:signature|security-token)|sig)$/i

function checkAddress(url: string): void {
  const query = new URLSearchParams(/\?(.*)$/s.exec(url)?.[1])
  if ([...query.keys()].some((name) => SIGNATURE.test(name))) {
    throw new NopassError('INPUT_INVALID', '--url contains a signature, which is a secret', {
      hint: 'Let the nodes read the archive without a login, for example by a bucket policy for their VPC. A path on the node works too.',
    })
  }
  if (/^(https?:\/\/[^\s/'"\\<>@]+)?\/[^\s'"\\<>]*$/.test(url) && !/\p{Cc}/u.test(url)) return
  const hint =
    'Pass an address such as https://example.com/acr-nopass-node.tgz, or an absolute path. It must contain no login.'
  throw new NopassError('INPUT_INVALID', '--url is neither an HTTP address nor an absolute path', { hint })
}

function readSums(given: readonly string[], url: string | undefined): Partial<ReleasedSums> | undefined {
  if (given.length === 0) return undefined
  const sums = given.map((text) => {
    const [, architecture, sum = ''] = /^(?:(amd64|arm64)=)?([0-9a-f]{64})$/i.exec(text) ?? []
    if (sum === '') {
      throw new NopassError('INPUT_INVALID', `--sha256 is not 64 hexadecimal digits: ${text}`, {
        hint: 'Pass the sum that `sha256sum` prints, or amd64=SUM and arm64=SUM.',
      })
    }
    return { architecture, sum: sum.toLowerCase() }
  })
  const [only] = sums
  if (sums.length === 1 && only !== undefined && only.architecture === undefined) {
    if (url?.includes('{arch}') !== false) {
      throw new NopassError('INPUT_INVALID', '--sha256 without an architecture needs a --url without {arch}', {
        hint: 'Pass --sha256 amd64=SUM and --sha256 arm64=SUM.',
      })
    }
    // One archive: the node that runs the script checks that it can execute the program.
    return { amd64: only.sum, arm64: only.sum }
  }
  if (sums.some(({ architecture }) => architecture === undefined)) {
    throw new NopassError('INPUT_INVALID', '--sha256 is repeated without an architecture', {
      hint: 'Pass --sha256 amd64=SUM and --sha256 arm64=SUM.',
    })
  }
  return Object.fromEntries(sums.map(({ architecture, sum }) => [architecture, sum]))
}
