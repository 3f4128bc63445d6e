// npm run release -- COMMAND: used by the release workflow, and manually before the tag. Results go
// to stdout, everything else to stderr.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { ensureTools } from '../tools/build/ensure-tools.ts'
import { createProgress } from '../tools/progress.ts'
import { bundleAction } from './build/bundles.ts'
import { translationGaps } from './check/translation.ts'
import { inspectBase } from './release/base-image.ts'
import { buildArtifacts } from './release/build-artifacts.ts'
import { readSection } from './release/changelog.ts'
import { packageVersion, versionProblems } from './release/check-version.ts'
import { fetchHelm, IMAGE_HELM, stageCliImage } from './release/cli-image.ts'
import { copyRelease } from './release/copy-release.ts'
import { requireAbsent } from './release/image-absent.ts'
import { checkDigest, readImageDigest } from './release/image-digest.ts'
import { movingTag } from './release/moving-tag.ts'
import { readNodeFiles } from './release/node-archive.ts'
import { pushChart } from './release/push-chart.ts'
import { setVersion } from './release/set-version.ts'

const root = resolve(import.meta.dirname, '..')
const USAGE = `npm run release -- check [--tag vX.Y.Z]                         checks that all files have one version; with a tag: it can be released
npm run release -- set X.Y.Z                                    writes the version to all files, dates the changelog, builds the action
npm run release -- notes                                        prints the changelog of this version
npm run release -- build --out DIR [--image-digest sha256:…] [--helper FILE] [--node amd64=FILE --node arm64=FILE --node licence=FILE]   writes the files of a release
npm run release -- cli-image --package FILE --out DIR           puts together the files of the command line's image
npm run release -- absent IMAGE:VERSION                         fails if the registry has that image, or does not say that it lacks it
npm run release -- base CONTAINERFILE                           checks the pinned base image for both platforms, and warns if its tag has moved
npm run release -- copy --to HOST --image NAME=IMAGE@DIGEST… --file NAME=FILE…   copies this version to another registry; overwrites nothing
npm run release -- image-digest FILE                            prints it from the metadata file of docker buildx
npm run release -- push-chart FILE --to oci://HOST/PATH         prints its digest; fails if the version already exists
npm run release -- moving-tag                                   prints the tag vX to move here; nothing if a newer release has it`

const interrupt = new AbortController()
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, () => interrupt.abort(name))

async function helm4(): Promise<string> {
  const progress = createProgress(process.stderr, process.env.CI)
  return (await ensureTools(['helm4'], { progress, signal: interrupt.signal })).helm4
}

/** Reads the values `NAME=VALUE` of a flag. */
function readPairs(flag: string, given: readonly string[]): ReadonlyMap<string, string> {
  const pairs = given.map((text) => /^([^=]+)=(.+)$/s.exec(text))
  const wrong = pairs.indexOf(null)
  if (wrong >= 0) throw new Error(`--${flag} ${given[wrong]} is not NAME=VALUE`)
  const read = new Map(pairs.map((pair) => [pair?.[1] ?? '', pair?.[2] ?? '']))
  if (read.size < given.length) throw new Error(`--${flag} names one repository twice`)
  return read
}

async function runCommand(): Promise<string | undefined> {
  const options = {
    tag: { type: 'string' },
    out: { type: 'string' },
    to: { type: 'string' },
    'image-digest': { type: 'string' },
    helper: { type: 'string' },
    package: { type: 'string' },
    image: { type: 'string', multiple: true },
    file: { type: 'string', multiple: true },
    node: { type: 'string', multiple: true },
    help: { type: 'boolean', short: 'h' },
  } as const
  const { values, positionals } = parseArgs({ allowPositionals: true, options })
  const [command, argument] = positionals
  if (values.help) return USAGE
  const env = process.env
  if (command === 'check') {
    const problems = [...versionProblems(root, values.tag), ...(values.tag === undefined ? [] : translationGaps(root))]
    if (problems.length > 0) throw new Error(problems.join('\n'))
    return `${packageVersion(root)} everywhere`
  }
  if (command === 'set' && argument) {
    const day = new Date().toISOString().slice(0, 10)
    const changed = setVersion(root, argument, day)
    await bundleAction(root, join(root, 'action', 'dist'))
    return [...changed, 'action/dist'].map((file) => `wrote ${file}`).join('\n')
  }
  if (command === 'notes') {
    const version = packageVersion(root)
    const notes = readSection(readFileSync(join(root, 'CHANGELOG.md'), 'utf8'), version)
    if (!notes) throw new Error(`CHANGELOG.md: no section [${version}] with content`)
    return notes
  }
  if (command === 'build' && values.out) {
    const imageDigest = values['image-digest'] === undefined ? undefined : checkDigest(values['image-digest'])
    const helm = await helm4()
    const helperFile = values.helper && resolve(values.helper)
    const nodeFiles = values.node && readNodeFiles(values.node)
    const options = { root, out: resolve(values.out), helm, imageDigest, helperFile, nodeFiles, env }
    const files = await buildArtifacts(options, interrupt.signal)
    return files.join('\n')
  }
  if (command === 'cli-image' && values.package && values.out) {
    await stageCliImage(resolve(values.package), resolve(values.out), fetchHelm, interrupt.signal)
    return `${values.out}: acr-nopass ${packageVersion(root)}, Helm ${IMAGE_HELM}`
  }
  if (command === 'absent' && argument) {
    await requireAbsent(argument, env, interrupt.signal)
    return ''
  }
  if (command === 'base' && argument) {
    const { pinned, moved } = await inspectBase(argument, env, interrupt.signal)
    if (moved) console.error(`::warning file=${argument}::the tag of ${pinned} is ${moved} now: pin that digest`)
    return `Base image: \`${pinned}\`\n`
  }
  if (command === 'copy' && values.to && (values.image || values.file)) {
    const { to, image = [], file = [] } = values
    const what = { images: readPairs('image', image), files: readPairs('file', file) }
    const progress = createProgress(process.stderr, process.env.CI)
    const { crane, oras } = await ensureTools(['crane', 'oras'], { progress, signal: interrupt.signal })
    const copied = await copyRelease({ crane, oras, to, version: packageVersion(root), ...what, env }, interrupt.signal)
    return copied.join('\n')
  }
  if (command === 'image-digest' && argument) return readImageDigest(readFileSync(argument, 'utf8'))
  if (command === 'push-chart' && argument && values.to) {
    return pushChart({ helm: await helm4(), archive: resolve(argument), to: values.to, env }, interrupt.signal)
  }
  if (command === 'moving-tag') {
    const tags = execFileSync('git', ['tag', '--list', 'v*'], { cwd: root, encoding: 'utf8' }).split('\n')
    return movingTag(packageVersion(root), tags) ?? ''
  }
  return undefined
}

try {
  const text = await runCommand()
  if (text === undefined) {
    console.error(`usage:\n${USAGE}`)
    process.exitCode = 2
  } else if (text !== '') console.log(text)
} catch (error) {
  console.error(`error: ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = 1
}
