import { createHash, type Hash } from 'node:crypto'
import { appendFileSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { goArchitecture } from '../../tools/host.ts'
import { type TarEntry, tarParts } from '../../tools/tar.ts'

/** The process that an image starts (OCI image spec, config). */
export interface ImageConfig {
  readonly Entrypoint: readonly string[]
  /** `uid:gid` */
  readonly User: string
  readonly Env?: readonly string[]
  readonly WorkingDir?: string
  readonly Labels?: Readonly<Record<string, string>>
}

export interface Descriptor {
  readonly mediaType: string
  /** `sha256:…` */
  readonly digest: string
  readonly size: number
}

export interface Manifest {
  readonly schemaVersion: 2
  readonly mediaType: string
  readonly config: Descriptor
  readonly layers: readonly Descriptor[]
}

/** The blobs of an image on disk, as in an OCI image layout. */
export interface ImageLayout {
  readonly folder: string
  readonly manifest: Descriptor
}

export const MANIFEST_TYPE = 'application/vnd.oci.image.manifest.v1+json'
const CONFIG_TYPE = 'application/vnd.oci.image.config.v1+json'
const LAYER_TYPE = 'application/vnd.oci.image.layer.v1.tar'

/**
 * Writes an image into a new folder. Its layers are not compressed, because they do not leave this
 * machine.
 */
export function writeLayout(
  folder: string,
  image: { layers: readonly Iterable<TarEntry>[]; config: ImageConfig; arch: string },
): ImageLayout {
  mkdirSync(join(folder, 'blobs', 'sha256'), { recursive: true })
  const layers = image.layers.map((entries) => writeLayer(folder, entries))
  const config = writeJson(folder, CONFIG_TYPE, {
    architecture: goArchitecture(image.arch),
    os: 'linux',
    config: image.config,
    rootfs: { type: 'layers', diff_ids: layers.map((layer) => layer.digest) },
  })
  const content: Manifest = { schemaVersion: 2, mediaType: MANIFEST_TYPE, config, layers }
  const manifest = writeJson(folder, MANIFEST_TYPE, content)
  return { folder, manifest }
}

export function blobFile(folder: string, digest: string): string {
  return join(folder, 'blobs', ...digest.split(':'))
}

export function readManifest(layout: ImageLayout): Manifest {
  return JSON.parse(readFileSync(blobFile(layout.folder, layout.manifest.digest), 'utf8')) as Manifest
}

/** The entries of an archive that `ctr images import` imports under the name `reference`. */
export function archiveEntries({ folder, manifest }: ImageLayout, reference: string): TarEntry[] {
  const annotations = {
    'io.containerd.image.name': reference,
    'org.opencontainers.image.ref.name': reference.slice(reference.lastIndexOf(':') + 1),
  }
  const index = JSON.stringify({ schemaVersion: 2, manifests: [{ ...manifest, annotations }] })
  const blobs = readdirSync(join(folder, 'blobs', 'sha256')).sort()
  return [
    { path: 'oci-layout', kind: 'file', content: Buffer.from('{"imageLayoutVersion":"1.0.0"}') },
    { path: 'index.json', kind: 'file', content: Buffer.from(index) },
    ...blobs.map((name): TarEntry => {
      return { path: `blobs/sha256/${name}`, kind: 'file', content: { file: join(folder, 'blobs', 'sha256', name) } }
    }),
  ]
}

function writeJson(folder: string, mediaType: string, value: unknown): Descriptor {
  const content = Buffer.from(JSON.stringify(value))
  const digest = `sha256:${createHash('sha256').update(content).digest('hex')}`
  writeFileSync(blobFile(folder, digest), content)
  return { mediaType, digest, size: content.length }
}

function writeLayer(folder: string, entries: Iterable<TarEntry>): Descriptor {
  const draft = join(folder, 'layer')
  const hash = createHash('sha256')
  writeArchive(draft, entries, hash)
  const digest = `sha256:${hash.digest('hex')}`
  const file = blobFile(folder, digest)
  renameSync(draft, file)
  return { mediaType: LAYER_TYPE, digest, size: statSync(file).size }
}

/** Writes a tar archive into a file, and its content into `hash`. */
export function writeArchive(file: string, entries: Iterable<TarEntry>, hash?: Hash): void {
  writeFileSync(file, '')
  for (const part of tarParts(entries)) {
    appendFileSync(file, part)
    hash?.update(part)
  }
}
