// The program `docker` of release-docker.ts. Its working directory is the context of a build.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { goArchitecture } from '../../../tools/host.ts'
import { buildImage } from '../../support/image/containerfile.ts'

const { CRANE = '' } = process.env
const [first, second, ...args] = process.argv.slice(2)

function crane(...words: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(CRANE, words, { encoding: 'utf8' })
  if (status === 0) return stdout.trim()
  const isAbsent = /\b(?:MANIFEST_UNKNOWN|NAME_UNKNOWN)\b/.test(stderr)
  console.error(isAbsent ? `ERROR: ${words.at(-1)}: not found` : `ERROR: ${stderr}`)
  process.exit(1)
}

/** Builds the image for each platform, and pushes them as one index. */
function build(): void {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      file: { type: 'string', default: '' },
      platform: { type: 'string', default: '' },
      provenance: { type: 'string', default: '' },
      sbom: { type: 'string', default: '' },
      tag: { type: 'string', default: '' },
      push: { type: 'boolean', default: false },
      'metadata-file': { type: 'string', default: '' },
    },
  })
  const asExpected =
    positionals.join() === '.' && values.push && values.provenance === 'mode=max' && values.sbom === 'true'
  if (!asExpected || values.platform !== 'linux/amd64,linux/arm64') throw new Error(`unknown build: ${args.join(' ')}`)
  const folder = mkdtempSync(join(tmpdir(), 'release-docker-'))
  try {
    const manifests = ['x64', 'arm64'].map((arch) => {
      const { manifest } = buildImage(folder, { containerfile: values.file, context: process.cwd(), arch })
      return { ...manifest, platform: { os: 'linux', architecture: goArchitecture(arch) } }
    })
    const mediaType = 'application/vnd.oci.image.index.v1+json'
    writeFileSync(join(folder, 'index.json'), JSON.stringify({ schemaVersion: 2, mediaType, manifests }))
    writeFileSync(join(folder, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}')
    crane('push', '--index', folder, values.tag)
  } finally {
    rmSync(folder, { recursive: true })
  }
  writeFileSync(values['metadata-file'], JSON.stringify({ 'containerimage.digest': crane('digest', values.tag) }))
}

if (first !== 'buildx') throw new Error(`unknown call: docker ${process.argv.slice(2).join(' ')}`)
if (second === 'imagetools' && args[0] === 'inspect' && args.length === 2) console.log(crane('manifest', args[1] ?? ''))
else if (second === 'build') build()
else if (second !== 'create' || args.join() !== '--use')
  throw new Error(`unknown call: docker buildx ${args.join(' ')}`)
