import { execFile } from 'node:child_process'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gunzipSync } from 'node:zlib'
import { readTar } from '../../src/lib/tar.ts'
import { sha256 } from '../../src/lib/text.ts'

const run = promisify(execFile)

/** Helm's version in the image. */
export const IMAGE_HELM = '4.3.0'
/**
 * SHA-256 of https://get.helm.sh/helm-v4.3.0-linux-<architecture>.tar.gz, by the architectures of
 * the image. Sources: the release notes of github.com/helm/helm, and installers of other public
 * projects that pin these archives.
 */
const HELM_SUMS = {
  amd64: '86584a54def73570558f66f5111cc53dfed56689637ae32c1201205d494f54fb',
  arm64: '31c5794dd55c66a51e6b7d2e2ac7a114ae8b1de41ff1d9ba51748ac973b06a08',
} as const
type Architecture = keyof typeof HELM_SUMS

/**
 * Downloads Helm for an architecture of the image. Nothing is unpacked before the archive has the
 * pinned checksum.
 */
export async function fetchHelm(architecture: Architecture, signal: AbortSignal): Promise<Buffer> {
  const url = `https://get.helm.sh/helm-v${IMAGE_HELM}-linux-${architecture}.tar.gz`
  const response = await fetch(url, { signal })
  if (!response.ok) throw new Error(`${url} returned ${response.status}`)
  return unpackHelm(architecture, Buffer.from(await response.arrayBuffer()))
}

/** Returns the program in an archive of Helm, whose checksum must be the pinned one. */
export function unpackHelm(architecture: Architecture, archive: Buffer): Buffer {
  const found = sha256(archive)
  const wanted = HELM_SUMS[architecture]
  if (found !== wanted) throw new Error(`Helm for ${architecture} has the SHA-256 ${found}, but ${wanted} is pinned`)
  return readTar(gunzipSync(archive)).get(`linux-${architecture}/helm`) ?? Buffer.alloc(0)
}

/**
 * Puts together what image/cli/Containerfile copies: the unpacked npm package `archive` in
 * `package`, and Helm in `helm/<architecture>`. The image therefore has the bytes that npm
 * publishes. `out` must be empty or absent.
 */
export async function stageCliImage(
  archive: string,
  out: string,
  helmFor: (architecture: Architecture, signal: AbortSignal) => Promise<Buffer>,
  signal: AbortSignal,
): Promise<void> {
  await mkdir(out, { recursive: true })
  if ((await readdir(out)).length > 0) throw new Error(`${out} is not empty: an image is put together in a new folder`)
  await run('tar', ['-xzf', archive, '-C', out, 'package'], { signal })
  for (const architecture of Object.keys(HELM_SUMS) as Architecture[]) {
    await mkdir(join(out, 'helm', architecture), { recursive: true })
    await writeFile(join(out, 'helm', architecture, 'helm'), await helmFor(architecture, signal), { mode: 0o755 })
  }
}
