import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { PushCredential } from '../../../sandbox/cloud/cr/registry-auth.ts'
import { startCloud } from '../../../sandbox/cloud/start-cloud.ts'
import { writeHelperImage } from '../../../sandbox/image/helper-image.ts'
import { fetchRegistryToken, pushImage } from '../../../sandbox/image/push-image.ts'
import { startRegistry } from '../../../sandbox/registry/start-registry.ts'
import { VERSION } from '../../../src/version.ts'

export const ROOT: string = resolve(import.meta.dirname, '../..', '..')

/**
 * A real registry on this machine. A release is pushed to it. It already has the helper's image.
 */
export interface ReleaseRegistry extends AsyncDisposable {
  /** `127.0.0.1:PORT` */
  readonly host: string
  /** The digest of the helper's image, `acr-nopass/acr-nopass:<version>`. */
  readonly imageDigest: string
  /** A file with the login in Docker's format, which Helm also reads. */
  readonly loginFile: string
  /** A folder that is removed with the registry. */
  readonly folder: string
  /** Returns the HTTP status of a manifest by digest. */
  statusOf(repository: string, digest: string): Promise<number>
}

export async function openReleaseRegistry(
  tools: { registry: string },
  helperFile: string,
  signal: AbortSignal,
): Promise<ReleaseRegistry> {
  const folder = await mkdtemp(join(tmpdir(), 'acr-nopass-release-registry-'))
  const cloud = await startCloud()
  const registry = await startRegistry({ tools, auth: cloud.registryAuth, signal })
  const host = new URL(registry.url).host
  const image = await writeHelperImage(join(folder, 'image'), {
    node: process.execPath,
    helper: helperFile,
    arch: process.arch,
  })
  const login = cloud.registryPush
  const target = { registry: registry.url, repository: 'acr-nopass/acr-nopass', tag: VERSION, credential: login }
  await pushImage(image, target, signal)
  const loginFile = await writeLogin(folder, host, login)
  return {
    host,
    imageDigest: image.manifest.digest,
    loginFile,
    folder,
    statusOf: async (repository, digest) => {
      const url = new URL(`/v2/${repository}/manifests/${digest}`, registry.url)
      const first = await fetch(url, { signal })
      const token = await fetchRegistryToken(first.headers.get('www-authenticate'), login, signal)
      const headers = { authorization: `Bearer ${token}`, accept: 'application/vnd.oci.image.manifest.v1+json' }
      return (await fetch(url, { headers, signal })).status
    },
    [Symbol.asyncDispose]: async () => {
      await registry.stop()
      await cloud.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Writes a login in Docker's format into a new folder. Returns the file's path. */
export async function writeLogin(folder: string, host: string, login: PushCredential): Promise<string> {
  const auth = Buffer.from(`${login.username}:${login.password}`).toString('base64')
  const file = join(folder, 'docker', 'config.json')
  await mkdir(join(folder, 'docker'))
  await writeFile(file, JSON.stringify({ auths: { [host]: { auth } } }), { mode: 0o600 })
  return file
}
