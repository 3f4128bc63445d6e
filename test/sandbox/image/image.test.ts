import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { HELPER_IMAGE, sharedLibraries, writeHelperImage } from '../../../sandbox/image/helper-image.ts'
import { archiveEntries, blobFile, readManifest, writeArchive, writeLayout } from '../../../sandbox/image/oci-layout.ts'
import { type TarEntry, tarParts } from '../../../tools/tar.ts'

const root = mkdtempSync(join(tmpdir(), 'acr-nopass-test-'))
after(() => rmSync(root, { recursive: true, force: true }))

let count = 0
const freshFolder = (): string => join(root, String(++count))
const toTar = (entries: Iterable<TarEntry>): Buffer => Buffer.concat([...tarParts(entries)])
const sha256 = (content: Buffer): string => `sha256:${createHash('sha256').update(content).digest('hex')}`

function unpack(archive: Buffer | string): string {
  const folder = freshFolder()
  mkdirSync(folder)
  const file = Buffer.isBuffer(archive) ? `${folder}.tar` : archive
  if (Buffer.isBuffer(archive)) writeFileSync(file, archive)
  execFileSync('tar', ['-xf', file, '-C', folder])
  return folder
}

test('tar unpacks an archive with the same content, modes and long names', () => {
  const long = `${'folder/'.repeat(20)}${'name'.repeat(20)}`
  const onDisk = join(root, 'on-disk')
  writeFileSync(onDisk, Buffer.alloc(2_000_000, 'x'))
  const folder = unpack(
    toTar([
      { path: 'bin', kind: 'folder', mode: 0o700 },
      { path: 'bin/app', kind: 'file', mode: 0o755, content: Buffer.from('hello') },
      { path: 'empty', kind: 'file', content: Buffer.alloc(0) },
      { path: 'large', kind: 'file', content: { file: onDisk } },
      { path: long, kind: 'file', content: Buffer.from('far away') },
    ]),
  )
  assert.equal(readFileSync(join(folder, 'bin/app'), 'utf8'), 'hello')
  assert.equal(statSync(join(folder, 'bin/app')).mode & 0o777, 0o755)
  assert.equal(statSync(join(folder, 'bin')).mode & 0o777, 0o700)
  assert.equal(statSync(join(folder, 'empty')).size, 0)
  assert.ok(readFileSync(join(folder, 'large')).equals(readFileSync(onDisk)))
  assert.equal(readFileSync(join(folder, long), 'utf8'), 'far away')
})

test('a path that is too long for ustar is rejected', () => {
  const entry: TarEntry = { path: 'x'.repeat(101), kind: 'file', content: Buffer.alloc(0) }
  assert.throws(() => toTar([entry]), RangeError)
})

const image = {
  arch: 'x64',
  layers: [[{ path: 'app', kind: 'file', mode: 0o755, content: Buffer.from('program') }]] satisfies TarEntry[][],
  config: { Entrypoint: ['/app'], User: '65532:65532', Labels: { a: 'b' } },
}

test('blobs are named by their hashes, and the same content always produces the same image', () => {
  const layout = writeLayout(freshFolder(), image)
  const again = writeLayout(freshFolder(), image)
  assert.equal(layout.manifest.digest, again.manifest.digest)
  for (const name of readdirSync(join(layout.folder, 'blobs/sha256'))) {
    assert.equal(sha256(readFileSync(join(layout.folder, 'blobs/sha256', name))), `sha256:${name}`)
  }
  const manifest = readManifest(layout)
  const config = JSON.parse(readFileSync(blobFile(layout.folder, manifest.config.digest), 'utf8'))
  assert.deepEqual(config, {
    architecture: 'amd64',
    os: 'linux',
    config: { Entrypoint: ['/app'], User: '65532:65532', Labels: { a: 'b' } },
    rootfs: { type: 'layers', diff_ids: manifest.layers.map(({ digest }) => digest) },
  })
})

test('an image archive is a complete layout with the image’s name', () => {
  const layout = writeLayout(freshFolder(), image)
  const file = join(root, 'image.tar')
  writeArchive(file, archiveEntries(layout, 'localhost/team/app:7'))
  const folder = unpack(file)
  const { manifests } = JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8'))
  assert.deepEqual(manifests[0].annotations, {
    'io.containerd.image.name': 'localhost/team/app:7',
    'org.opencontainers.image.ref.name': '7',
  })
  assert.equal(manifests[0].digest, layout.manifest.digest)
  const names = (of: string): string[] => readdirSync(join(of, 'blobs/sha256')).sort()
  assert.deepEqual(names(folder), names(layout.folder))
})

test("the helper's image has the Containerfile's entrypoint, user, environment, folder, labels and file", () => {
  const file = fileURLToPath(new URL('../../../image/Containerfile', import.meta.url))
  const text = readFileSync(file, 'utf8').replace(/\\\n/g, ' ')
  const of = (instruction: string): string[] =>
    [...text.matchAll(new RegExp(`^${instruction} (.*)$`, 'gm'))].map((match) => (match[1] ?? '').trim())
  const labels = [...(of('LABEL')[0] ?? '').matchAll(/([\w.]+)="([^"]*)"/g)].map(([, key, value]) => [key, value])
  assert.deepEqual(
    {
      Entrypoint: JSON.parse(of('ENTRYPOINT')[0] ?? ''),
      User: of('USER')[0],
      Env: of('ENV'),
      WorkingDir: of('WORKDIR')[0],
      Labels: Object.fromEntries(labels),
    },
    HELPER_IMAGE,
  )
  assert.equal(of('COPY')[0]?.split(' ').at(-1), HELPER_IMAGE.Entrypoint.at(-1))
  assert.match(of('ARG')[0] ?? '', /^BASE=gcr\.io\/distroless\/nodejs24/)
})

test("the helper's image contains everything that its Node needs to run", async () => {
  const helper = join(root, 'helper.mjs')
  writeFileSync(helper, 'console.log(process.version)')
  const layout = await writeHelperImage(freshFolder(), { node: process.execPath, helper, arch: process.arch })
  const folder = freshFolder()
  mkdirSync(folder)
  for (const layer of readManifest(layout).layers) {
    execFileSync('tar', ['-xf', blobFile(layout.folder, layer.digest), '-C', folder])
  }
  const libraries = await sharedLibraries(process.execPath)
  const loader = libraries.find((path) => /\/ld-/.test(path)) ?? ''
  const folders = [...new Set(libraries.map((path) => join(folder, path, '..')))].join(':')
  const [node = '', ...flags] = HELPER_IMAGE.Entrypoint.map((part) =>
    part.startsWith('/') ? join(folder, part) : part,
  )
  const output = execFileSync(join(folder, loader), ['--inhibit-cache', '--library-path', folders, node, ...flags])
  assert.equal(output.toString(), `${process.version}\n`)
})
