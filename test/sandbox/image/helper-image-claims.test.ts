import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { HELPER_IMAGE, writeHelperImage } from '../../../sandbox/image/helper-image.ts'
import { blobFile, readManifest } from '../../../sandbox/image/oci-layout.ts'

const root = mkdtempSync(join(tmpdir(), 'acr-nopass-claims-'))
after(() => rmSync(root, { recursive: true, force: true }))
const helper = join(root, 'helper.mjs')
writeFileSync(helper, 'export {}\n')

/** One entry of a layer, as listed by `tar`. */
interface Entry {
  readonly mode: string
  readonly owner: string
  readonly path: string
}

const layout = await writeHelperImage(join(root, 'image'), { node: process.execPath, helper, arch: 'x64' })
const layers = readManifest(layout).layers.map(({ digest }) => listLayer(blobFile(layout.folder, digest)))
const entries = layers.flat()
const files = entries.filter(({ mode }) => mode.startsWith('-'))

test('the image has no shell, no package manager and no program other than Node', () => {
  const programs = files.filter(({ mode, path }) => mode.includes('x') && !/\.so(\.\d+)*$/.test(path))
  assert.deepEqual(
    programs.map(({ path }) => path),
    ['nodejs/bin/node'],
  )
  const found = entries.filter(({ path }) =>
    /(^|\/)((ba|da|a|z|k|c)?sh|busybox|toybox|apk|apt|apt-get|dpkg|rpm|npm|npx)$/.test(path),
  )
  assert.deepEqual(found, [])
})

test('the helper is one file in its own layer', () => {
  assert.equal(layers.length, 2)
  assert.deepEqual(
    layers[1]?.map(({ path }) => path),
    ['app/helper.mjs'],
  )
})

test('the helper cannot write to the image: everything belongs to root, only root can write, and nothing is setuid', () => {
  for (const { mode, owner, path } of entries) {
    assert.equal(owner, '0/0', path)
    assert.doesNotMatch(mode, /[sS]/, path)
    // Programs expect to be able to write to this folder, which a read-only root file system
    // prevents.
    if (path !== 'tmp/') assert.doesNotMatch(mode, /^.{5}w|^.{8}w/, path)
  }
})

test('the image runs as a numeric user other than root, which the kubelet can verify, and starts only Node with the helper', () => {
  const { config } = JSON.parse(readFileSync(blobFile(layout.folder, readManifest(layout).config.digest), 'utf8')) as {
    config: { User: string; Entrypoint: string[]; Cmd?: string[]; ExposedPorts?: object; Volumes?: object }
  }
  assert.match(config.User, /^[1-9]\d*:[1-9]\d*$/)
  assert.deepEqual(config.Entrypoint, [
    '/nodejs/bin/node',
    '--optimize-for-size',
    '--no-opt',
    '--no-sparkplug',
    '--no-concurrent-recompilation',
    '--no-maglev-inlining',
    '/app/helper.mjs',
  ])
  assert.deepEqual([config.Cmd, config.Volumes], [undefined, undefined])
})

test('the Containerfile runs no commands and copies the helper onto a base image without a shell', () => {
  const file = fileURLToPath(new URL('../../../image/Containerfile', import.meta.url))
  const text = readFileSync(file, 'utf8').replaceAll('\\\n', ' ')
  const lines = text.split('\n').filter((line) => /^[A-Z]/.test(line))
  const of = (word: string): string[] => lines.filter((line) => line.startsWith(`${word} `))
  assert.deepEqual([...of('RUN'), ...of('ADD'), ...of('SHELL'), ...of('CMD')], [])
  assert.deepEqual(of('COPY'), ['COPY dist/helper.mjs /app/helper.mjs'])
  assert.deepEqual(of('USER'), [`USER ${HELPER_IMAGE.User}`])
  assert.match(of('ARG').join(), /^ARG BASE=gcr\.io\/distroless\/nodejs24-[^@\s]+:nonroot@sha256:[0-9a-f]{64}$/)
})

function listLayer(file: string): Entry[] {
  const listing = execFileSync('tar', ['--numeric-owner', '-tvf', file], { encoding: 'utf8' })
  return listing
    .trim()
    .split('\n')
    .map((line) => {
      const [mode = '', owner = '', , , , path = ''] = line.split(/\s+/)
      return { mode, owner, path }
    })
}
