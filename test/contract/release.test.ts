import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { parse } from 'yaml'
import { bundleHelper } from '../../scripts/build/bundles.ts'
import { compareFolders } from '../../scripts/build/compare-folders.ts'
import { buildArtifacts } from '../../scripts/release/build-artifacts.ts'
import { writeChartArchive } from '../../scripts/release/chart-archive.ts'
import { writeNodeArchive } from '../../scripts/release/node-archive.ts'
import { pushChart } from '../../scripts/release/push-chart.ts'
import { readTree, writeTgz } from '../../scripts/release/tree-archive.ts'
import { helmEnvironment } from '../../src/helm/helm-environment.ts'
import { VERSION } from '../../src/version.ts'
import { runBin } from '../cli/run-bin.ts'
import { CHART, NEWEST, scenario } from '../support/chart/chart.ts'
import { openReleaseRegistry, type ReleaseRegistry, ROOT } from '../support/registry/release-registry.ts'
import { testTools } from '../tools.ts'

const run = promisify(execFile)
const signal = AbortSignal.timeout(900_000)
const tools = await testTools('helm4', 'helm3', 'krew', 'registry')
/** Makes any attempt to connect fail. */
const NO_NETWORK = `data:text/javascript,${encodeURIComponent(
  "import net from 'node:net';net.Socket.prototype.connect=()=>{throw new Error('no network here')}",
)}`

const folder = await mkdtemp(join(tmpdir(), 'acr-nopass-release-'))
const helperFile = join(folder, 'helper.mjs')
const out = join(folder, 'release')
const unpacked = join(folder, 'unpacked')
/** Stands in for the image's Node, without its 120 MB. */
const node = join(folder, 'node')
const nodeFiles = { amd64: node, arm64: node, licence: join(ROOT, 'LICENSE') }
let registry: ReleaseRegistry
before(async () => {
  await bundleHelper(ROOT, helperFile)
  await writeFile(node, `#!/bin/sh\nexec '${process.execPath}' "$@"\n`)
  registry = await openReleaseRegistry(tools, helperFile, signal)
  const { imageDigest } = registry
  await buildArtifacts(
    { root: ROOT, out, helm: tools.helm4, imageDigest, helperFile, nodeFiles, env: process.env },
    signal,
  )
  await mkdir(unpacked)
  await run('tar', ['-xzf', join(out, `acr-nopass-npm-${VERSION}.tgz`), '-C', unpacked])
})
after(async () => {
  await registry[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

function helm(name: 'helm3' | 'helm4', ...args: string[]): Promise<{ stdout: string }> {
  const env = { ...process.env, HELM_REGISTRY_CONFIG: registry.loginFile }
  return run(tools[name], args, { env: helmEnvironment(env, join(folder, name)), signal })
}

test('a release is eight files whose checksums match', async () => {
  const { stdout } = await run('sha256sum', ['--check', 'SHA256SUMS'], { cwd: out })
  assert.deepEqual(stdout.trim().split('\n').sort(), [
    `acr-nopass-${VERSION}.cdx.json: OK`,
    `acr-nopass-chart-${VERSION}.tgz: OK`,
    `acr-nopass-node-${VERSION}-linux-amd64.tgz: OK`,
    `acr-nopass-node-${VERSION}-linux-arm64.tgz: OK`,
    `acr-nopass-npm-${VERSION}.tgz: OK`,
    'acr-nopass.krew.yaml: OK',
    'helper.mjs: OK',
  ])
})

test("krew installs this release's package and no other, and the plugin prints its own name in commands", async () => {
  const manifest = parse(await readFile(join(out, 'acr-nopass.krew.yaml'), 'utf8'))
  const [platform] = manifest.spec.platforms
  const sums = await readFile(join(out, 'SHA256SUMS'), 'utf8')
  const archive = `acr-nopass-npm-${VERSION}.tgz`
  assert.equal(manifest.spec.version, `v${VERSION}`)
  assert.ok(sums.includes(`${platform.sha256}  ${archive}\n`))
  assert.ok(platform.uri.endsWith(`/releases/download/v${VERSION}/${archive}`))
  assert.deepEqual(platform.files, [{ from: 'package/*', to: '.' }])
  const home = join(folder, 'krew')
  const install = (archive: string): Promise<{ stdout: string }> => {
    const manifest = `--manifest=${join(out, 'acr-nopass.krew.yaml')}`
    const env = { PATH: process.env.PATH, HOME: folder, KREW_ROOT: home, KREW_NO_UPGRADE_CHECK: '1' }
    return run(tools.krew, ['install', manifest, `--archive=${archive}`], { env })
  }
  const other = join(folder, 'other.tgz')
  await writeFile(other, Buffer.concat([await readFile(join(out, archive)), Buffer.from('more')]))
  await assert.rejects(install(other), /checksum does not match/)
  await install(join(out, archive))
  const { stdout } = await run(join(home, 'bin/kubectl-acr_nopass'), ['--help'], { env: { PATH: process.env.PATH } })
  assert.match(stdout, /^Usage: kubectl acr-nopass /)
})

test('archived again, chart and package are identical byte for byte; only a digest changes the chart', async () => {
  const chart = async (imageDigest: string | undefined): Promise<{ bytes: Buffer; content: string }> => {
    const scratch = await mkdtemp(join(folder, 'chart-'))
    const file = join(scratch, 'chart.tgz')
    const options = { root: ROOT, scratch, helm: tools.helm4, imageDigest, env: process.env }
    const content = await writeChartArchive(file, options, signal)
    return { bytes: await readFile(file), content }
  }
  const again = await chart(registry.imageDigest)
  assert.ok(again.bytes.equals(await readFile(join(out, `acr-nopass-chart-${VERSION}.tgz`))))
  const plain = await chart(undefined)
  assert.deepEqual(await compareFolders(plain.content, again.content), ['values.yaml: differs'])
  const text = await readFile(join(plain.content, 'values.yaml'), 'utf8')
  const pinned = text.replace('  digest: ""', `  digest: "${registry.imageDigest}"`)
  assert.equal(await readFile(join(again.content, 'values.yaml'), 'utf8'), pinned)
  assert.deepEqual(await compareFolders(again.content, join(unpacked, 'package/chart')), [])
  const archive = join(folder, 'npm.tgz')
  writeTgz(archive, readTree(join(unpacked, 'package'), 'package'))
  assert.ok((await readFile(archive)).equals(await readFile(join(out, `acr-nopass-npm-${VERSION}.tgz`))))
})

test('the archives for nodes are identical byte for byte when archived again, and contain Node, programs and licences', async () => {
  const archive = join(out, `acr-nopass-node-${VERSION}-linux-amd64.tgz`)
  const scratch = await mkdtemp(join(folder, 'node-'))
  const again = join(scratch, 'again.tgz')
  await writeNodeArchive(again, { root: ROOT, scratch, node, nodeLicence: nodeFiles.licence })
  assert.ok((await readFile(again)).equals(await readFile(archive)))
  const { stdout } = await run('tar', ['-tvzf', archive, '--numeric-owner'])
  const listed = stdout
    .trim()
    .split('\n')
    .map((line) => line.replace(/^(\S+) 0\/0 .* (\S+)$/, '$1 $2'))
  assert.deepEqual(listed, [
    '-rw-r--r-- acr-nopass-node/LICENSE',
    '-rw-r--r-- acr-nopass-node/LICENSE.node',
    '-rw-r--r-- acr-nopass-node/LICENSES.txt',
    '-rwxr-xr-x acr-nopass-node/bin/acr-nopass-provider',
    '-rwxr-xr-x acr-nopass-node/bin/node',
    '-rw-r--r-- acr-nopass-node/lib/provider.mjs',
    '-rw-r--r-- acr-nopass-node/lib/setup.mjs',
    '-rw-r--r-- acr-nopass-node/FILES.sha256',
  ])
  await run('tar', ['-xzf', archive, '-C', scratch])
  const top = join(scratch, 'acr-nopass-node')
  await run('sha256sum', ['--check', '--strict', 'FILES.sha256'], { cwd: top })
  assert.match(await readFile(join(top, 'LICENSES.txt'), 'utf8'), /\nyaml \S+ \(ISC\)\n/)
  // The wrapper: the kubelet must end the program itself, and not a shell around it.
  assert.match(
    await readFile(join(top, 'bin/acr-nopass-provider'), 'utf8'),
    /\nexec \/opt\/acr-nopass\/bin\/node \S+ "\$@"\n$/,
  )
})

test("the package prints a script with its release's archives and their checksums", async () => {
  const values = join(folder, 'node.yaml')
  await writeFile(
    values,
    'registries: [{ name: main, edition: enterprise, instanceId: cri-abc123, region: cn-hangzhou }]\nidentity: { type: worker-role }\nnode: { identity: worker-role }\n',
  )
  const bin = join(unpacked, 'package/bin/acr-nopass')
  const options = { bin, cwd: folder, env: { NODE_OPTIONS: `--import=${NO_NETWORK}` } }
  const { code, stdout, stderr } = await runBin(['node', 'script', '--profile', 'ack', '-f', values], options)
  assert.deepEqual([code, stderr], [0, ''])
  const sums = await readFile(join(out, 'SHA256SUMS'), 'utf8')
  for (const architecture of ['amd64', 'arm64']) {
    const archive = `acr-nopass-node-${VERSION}-linux-${architecture}.tgz`
    const [, sum = ''] = new RegExp(`SHA256_${architecture}='(\\w+)'`).exec(stdout) ?? []
    assert.ok(sums.includes(`${sum}  ${archive}\n`))
    assert.ok(stdout.includes(`/releases/download/v${VERSION}/${archive}'\n`))
  }
})

test('a folder that contains a release is left alone', async () => {
  const options = {
    root: ROOT,
    out,
    helm: tools.helm4,
    imageDigest: undefined,
    helperFile: undefined,
    nodeFiles,
    env: process.env,
  }
  await assert.rejects(buildArtifacts(options, signal), /release is not empty/)
})

test('the unpacked npm package works without network and node_modules', async () => {
  const bin = join(unpacked, 'package/bin/acr-nopass')
  const values = join(folder, 'production.yaml')
  await cp(join(ROOT, 'examples/values/production.yaml'), values)
  const options = { bin, cwd: folder, env: { NODE_OPTIONS: `--import=${NO_NETWORK}` } }
  const valid = await runBin(['validate', '-f', values], options)
  assert.deepEqual(valid, { code: 0, stdout: `valid: ${values}\n`, stderr: '' })
  const version = await runBin(['--version'], options)
  assert.deepEqual(version, { code: 0, stdout: `acr-nopass ${VERSION}\n`, stderr: '' })
})

test('the npm package contains nothing of the sandbox or of this machine, and no secret', () => {
  const files = globSync('**/*', { cwd: unpacked, withFileTypes: true }).filter((entry) => entry.isFile())
  const texts = files.map((entry) => [entry.name, readFileSync(join(entry.parentPath, entry.name), 'utf8')] as const)
  assert.ok(texts.length > 50)
  const found = (pattern: RegExp | string): string[] =>
    texts
      .filter(([, text]) => (typeof pattern === 'string' ? text.includes(pattern) : pattern.test(text)))
      .map(([name]) => name)
  assert.deepEqual(found(ROOT), [])
  assert.deepEqual(found(`${homedir()}/`), [])
  assert.deepEqual(found(/LTAI[0-9A-Za-z]{16,}|-----BEGIN [A-Z ]*PRIVATE KEY-----\s*[\w+/]{40}|\beyJ[\w-]{20,}\./), [])
  // Texts of a registry are excluded, because the product contains them too to recognize them.
  const product = globSync('src/**/*.ts', { cwd: ROOT })
    .map((file) => readFileSync(join(ROOT, file), 'utf8'))
    .join('\n')
  const sandbox = sandboxTexts().filter((text) => !product.includes(text))
  assert.ok(sandbox.length > 100)
  const bundle = texts.filter(([name]) => name.endsWith('.js')).map(([, text]) => text)
  assert.deepEqual(
    sandbox.filter((text) => bundle.some((chunk) => chunk.includes(text))),
    [],
  )
})

test('`npm pack` creates a package of the tool, the chart, pages and licences: no tests, no sources, nothing twice', async () => {
  const options = {
    cwd: join(unpacked, 'package'),
    env: { ...process.env, npm_config_cache: join(folder, 'npm-cache') },
  }
  const { stdout } = await run('npm', ['pack', '--dry-run', '--json', '--offline', '--ignore-scripts'], options)
  const [{ files }] = JSON.parse(stdout) as [{ files: readonly { path: string }[] }]
  const paths = files.map(({ path }) => path)
  const top = [...new Set(paths.map((path) => path.split('/')[0]))].sort()
  assert.deepEqual(top, [
    'CHANGELOG.md',
    'LICENSE',
    'README.md',
    'README.zh-CN.md',
    'bin',
    'chart',
    'dist',
    'node',
    'package.json',
  ])
  for (const needed of ['bin/acr-nopass', 'chart/Chart.yaml', 'chart/values.schema.json', 'dist/LICENSES.txt'])
    assert.ok(paths.includes(needed), needed)
  assert.deepEqual(
    paths.filter((path) => /\.(ts|mts|map|test\.\w+)$|(^|\/)(test|src|node_modules|ci)\//.test(path)),
    [],
  )
  const contents = paths.map((path) => readFileSync(join(unpacked, 'package', path), 'utf8'))
  assert.equal(new Set(contents).size, contents.length)
  const bin = join(unpacked, 'package/bin/acr-nopass')
  const help = await runBin(['--help'], { bin, cwd: folder, env: { NODE_OPTIONS: `--import=${NO_NETWORK}` } })
  assert.equal(help.code, 0)
  assert.match(help.stdout, /^Usage: acr-nopass [\s\S]*\n {2}validate /)
})

// https://artifacthub.io/docs/topics/annotations/helm/ and https://helm.sh/docs/topics/charts/#the-chartyaml-file
test('the packaged chart presents itself: README and values in `helm show`, external links, both languages, an icon', async () => {
  const archive = join(out, `acr-nopass-chart-${VERSION}.tgz`)
  const show = async (what: string): Promise<string> => (await helm('helm4', 'show', what, archive)).stdout
  const readme = await show('readme')
  const links = [...readme.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target)
  assert.ok(links.length >= 5)
  assert.deepEqual(
    links.filter((target) => !/^(https:\/\/|#)/.test(target)),
    [],
  )
  const blob = `https://github.com/acr-nopass/acr-nopass/blob/v${VERSION}/`
  assert.ok(links.includes(`${blob}chart/README.zh-CN.md`), 'the page in Chinese')
  assert.ok(links.filter((target) => target.startsWith(blob)).length > 3)
  const values = await show('values')
  const source = await readFile(join(CHART, 'values.yaml'), 'utf8')
  assert.equal(values.trim().replace(registry.imageDigest, ''), source.trim())
  const chart = parse(await show('chart')) as { icon: string; annotations: Readonly<Record<string, string>> }
  const shown = [chart.icon, ...(parse(chart.annotations['artifacthub.io/screenshots'] ?? '') as { url: string }[])]
  const raw = `https://github.com/acr-nopass/acr-nopass/raw/v${VERSION}/`
  for (const one of shown) {
    const url = typeof one === 'string' ? one : one.url
    assert.ok(url.startsWith(raw), url)
    await readFile(join(ROOT, url.slice(raw.length)))
  }
  const linked = parse(chart.annotations['artifacthub.io/links'] ?? '') as readonly { url: string }[]
  for (const { url } of linked) await readFile(join(ROOT, url.slice(blob.length)))
  assert.equal(chart.annotations['artifacthub.io/prerelease'], String(VERSION.startsWith('0.')))
})

test('the bill of materials lists every bundled package and no registry', async () => {
  const text = await readFile(join(out, `acr-nopass-${VERSION}.cdx.json`), 'utf8')
  const { components } = JSON.parse(text) as { components: readonly { name: string; version: string }[] }
  const listed = new Set(components.map(({ name, version }) => `${name} ${version}`))
  const licences = readFileSync(join(unpacked, 'package/dist/LICENSES.txt'), 'utf8')
  const bundled = [...licences.matchAll(/^-{100}\n(\S+ \S+) \(/gm)].map(([, name = '']) => name)
  assert.ok(bundled.length > 5)
  assert.deepEqual(
    bundled.filter((name) => !listed.has(name)),
    [],
  )
  const hosts = new Set([...text.matchAll(/https?:\/\/([^/"]+)/g)].map(([, host]) => host))
  assert.deepEqual([...hosts].sort(), ['cyclonedx.org', 'github.com'])
})

test('the chart can be pulled from a real registry by version and by digest, and runs the pushed image', async () => {
  const to = `oci://${registry.host}/acr-nopass/charts`
  const archive = join(out, `acr-nopass-chart-${VERSION}.tgz`)
  const env = { ...process.env, HELM_REGISTRY_CONFIG: registry.loginFile }
  const digest = await pushChart({ helm: tools.helm4, archive, to, env }, signal)
  assert.equal(await registry.statusOf('acr-nopass/charts/acr-nopass', digest), 200)
  await assert.rejects(
    pushChart({ helm: tools.helm4, archive, to, env }, signal),
    new RegExp(`acr-nopass ${VERSION.replaceAll('.', '\\.')} already exists`),
  )
  const flags = ['--namespace', 'acr-system', '--kube-version', NEWEST, '-f', scenario('admission')]
  // Uses the mirror as a cluster with this registry would.
  flags.push('--set', `global.imageRegistry=${registry.host}`)
  const template = async (name: 'helm3' | 'helm4', ...chart: string[]): Promise<string> =>
    (await helm(name, 'template', 'acr-nopass', ...chart, ...flags)).stdout
  const pushed = [`${to}/acr-nopass`, '--version', VERSION, '--plain-http']
  for (const name of ['helm4', 'helm3'] as const) {
    const folder = await template(name, CHART, '--set', `image.digest=${registry.imageDigest}`)
    assert.equal(await template(name, ...pushed), folder)
    if (name === 'helm4') assert.equal(await template(name, `${to}/acr-nopass@${digest}`, '--plain-http'), folder)
    const images = new Set([...folder.matchAll(/image: "?([^"\n]+)/g)].map(([, image]) => image))
    assert.deepEqual([...images], [`${registry.host}/acr-nopass/acr-nopass:${VERSION}@${registry.imageDigest}`])
  }
  assert.equal(await registry.statusOf('acr-nopass/acr-nopass', registry.imageDigest), 200)
})

test('an unreachable registry is not treated as an empty one', async () => {
  const archive = join(out, `acr-nopass-chart-${VERSION}.tgz`)
  const to = 'oci://127.0.0.1:1/charts'
  const push = pushChart({ helm: tools.helm4, archive, to, env: process.env }, signal)
  await assert.rejects(push, /cannot determine whether oci:\/\/127\.0\.0\.1:1\/charts\/acr-nopass \S+ exists: /)
})

/** Messages that only the sandbox contains: a bundle keeps strings unchanged. */
function sandboxTexts(): string[] {
  const texts = (pattern: string): string[] =>
    globSync(pattern, { cwd: ROOT }).flatMap((file) =>
      [...readFileSync(join(ROOT, file), 'utf8').matchAll(/'([^'\\\n]{20,})'/g)].map(([, text = '']) => text),
    )
  const others = new Set(texts('src/**/*.ts'))
  const sentence = /^\S+ \S+ \S+/
  return texts('sandbox/**/*.ts').filter((text) => !others.has(text) && sentence.test(text))
}
