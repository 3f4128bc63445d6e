import assert from 'node:assert/strict'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, test } from 'node:test'
import fc from 'fast-check'
import { UNPUBLISHED, versionProblems } from '../../scripts/release/check-version.ts'
import { movingTag } from '../../scripts/release/moving-tag.ts'
import { CLONE_FILES, cloneParts, toPublished } from '../../scripts/release/publish-lines.ts'
import { setVersion } from '../../scripts/release/set-version.ts'
import { compareVersions, expectedAt, VERSION_PLACES } from '../../scripts/release/version-places.ts'
import { VERSION } from '../../src/version.ts'

const root = join(import.meta.dirname, '../..')
const scratch = mkdtempSync(join(tmpdir(), 'release-version-'))
after(() => rmSync(scratch, { recursive: true, force: true }))

/**
 * Copies every file that states the version, as released. The changelog and the bundle of the copy
 * are small.
 */
function copyTree(): string {
  const copy = mkdtempSync(join(scratch, 'tree-'))
  for (const file of new Set(VERSION_PLACES.map((place) => place.file))) {
    mkdirSync(dirname(join(copy, file)), { recursive: true })
    cpSync(join(root, file), join(copy, file))
  }
  for (const file of Object.keys(UNPUBLISHED)) {
    mkdirSync(dirname(join(copy, file)), { recursive: true })
    writeFileSync(join(copy, file), readFileSync(join(root, file), 'utf8').replace(/^> .*\n/gm, ''))
  }
  for (const file of CLONE_FILES) {
    mkdirSync(dirname(join(copy, file)), { recursive: true })
    writeFileSync(join(copy, file), toPublished(readFileSync(join(root, file), 'utf8'), VERSION))
  }
  writeFileSync(join(copy, 'CHANGELOG.md'), '# Changelog\n\n## [Unreleased]\n\n### Added\n- A thing.\n')
  writeBundle(copy, VERSION)
  return copy
}

function writeBundle(copy: string, version: string): void {
  mkdirSync(join(copy, 'action/dist/chunks'), { recursive: true })
  writeFileSync(join(copy, 'action/dist/chunks/a.js'), `var a={name:"acr-nopass",version:"${version}",type:"module"};`)
}

test('this tree states one version everywhere', () => {
  assert.deepEqual(versionProblems(root), [])
})

test('set writes the version everywhere; then only the bundle must be built, and the tag matches', () => {
  const copy = copyTree()
  const changed = setVersion(copy, '98.7.6', '2031-02-03')
  assert.deepEqual(changed, [...new Set(['CHANGELOG.md', ...VERSION_PLACES.map(({ file }) => file)])].sort())
  assert.deepEqual(versionProblems(copy, 'v98.7.6'), [
    `action/dist: was built as ${VERSION}, not 98.7.6; run npm run build`,
  ])
  writeBundle(copy, '98.7.6')
  assert.deepEqual(versionProblems(copy, 'v98.7.6'), [])
  assert.deepEqual(versionProblems(copy, 'v98.7.7'), ['the tag is v98.7.7, but package.json requires v98.7.6'])
  const chart = readFileSync(join(copy, 'chart/Chart.yaml'), 'utf8')
  assert.match(chart, /^version: 98\.7\.6\nappVersion: 98\.7\.6$/m)
  assert.match(chart, /acr-nopass:98\.7\.6\n/)
  assert.match(readFileSync(join(copy, 'examples/workflows/rollout.yml'), 'utf8'), /acr-nopass\/acr-nopass@v98\n/)
  assert.match(readFileSync(join(copy, 'CHANGELOG.md'), 'utf8'), /## \[Unreleased\]\n\n## \[98\.7\.6\] - 2031-02-03\n/)
})

test('until a release every command of the first screen is for a clone; `set` turns each into that of the release', () => {
  for (const file of CLONE_FILES) {
    const text = readFileSync(join(root, file), 'utf8')
    // An older clone than the first release, or a tree after it.
    if (cloneParts(text).length === 0) continue
    assert.doesNotMatch(text, /npm install|npx |ghcr\.io|acr-nopass\/acr-nopass@/, file)
    const published = toPublished(text, '1.2.3')
    assert.deepEqual(cloneParts(published), [], file)
    assert.equal(toPublished(published, '1.2.3'), published)
    assert.match(published, /acr-nopass\/acr-nopass@v1\n/, file)
  }
  const copy = copyTree()
  writeFileSync(join(copy, 'README.md'), readFileSync(join(root, 'README.md')))
  const before = versionProblems(copy, `v${VERSION}`).filter((line) => line.startsWith('README.md'))
  assert.deepEqual(before, [
    'README.md: still has npm ci && export PATH="$PWD/bin:$PATH"; run npm run release -- set',
    'README.md: still has helm upgrade --install acr-nopass ./chart; run npm run release -- set',
    'README.md: still has uses: your-org/acr-nopass@SHA # your copy, by commit; run npm run release -- set',
    'README.md: still has <!-- until published -->; run npm run release -- set',
  ])
  setVersion(copy, '98.7.6', '2031-02-03')
  const readme = readFileSync(join(copy, 'README.md'), 'utf8')
  assert.match(readme, /\nnpm install --global acr-nopass@98\.7\.6\n/)
  assert.match(readme, /oci:\/\/ghcr\.io\/acr-nopass\/charts\/acr-nopass --version 98\.7\.6 /)
  assert.doesNotMatch(readme, /Not published/)
})

test('a tree whose changelog has no section for the version cannot be released', () => {
  const copy = copyTree()
  assert.deepEqual(versionProblems(copy), [])
  assert.deepEqual(versionProblems(copy, `v${VERSION}`), [`CHANGELOG.md: no section [${VERSION}] with content`])
})

test('a tree with a page that still says that nothing is published cannot be released, in either language', () => {
  const copy = copyTree()
  writeFileSync(join(copy, 'CHANGELOG.md'), `## [${VERSION}] - 2030-01-01\n- y\n`)
  assert.deepEqual(versionProblems(copy, `v${VERSION}`), [])
  for (const [file, words] of Object.entries(UNPUBLISHED)) {
    const note = `> **${words}**: nothing.`
    const text = readFileSync(join(copy, file), 'utf8')
    writeFileSync(join(copy, file), text.replace('\n\n', `\n\n${note}\n\n`))
    assert.deepEqual(versionProblems(copy), [])
    assert.deepEqual(versionProblems(copy, `v${VERSION}`), [
      `${file}:3: says "${words}"; remove that note before the tag`,
    ])
    writeFileSync(join(copy, file), text)
  }
})

test('the note that nothing is published is on every page that names a release, or on none', () => {
  const named = versionProblems(root, `v${VERSION}`).flatMap((line) => /^(\S+):\d+: says /.exec(line)?.[1] ?? [])
  const pages = Object.keys(UNPUBLISHED)
  const releases = pages.filter((page) => /acr-nopass@1|ghcr\.io/.test(readFileSync(join(root, page), 'utf8')))
  assert.deepEqual(releases, pages)
  assert.ok(named.length === 0 || named.length === pages.length, String(named))
})

test('a location with another version, or without one, is named with its file', () => {
  const other = fc.tuple(fc.nat(99), fc.nat(99), fc.nat(99)).map((parts) => parts.join('.'))
  const copy = copyTree()
  const property = fc.property(fc.constantFrom(...VERSION_PLACES), other, fc.boolean(), (place, version, missing) => {
    fc.pre(expectedAt(place, version) !== expectedAt(place, VERSION))
    // package.json is skipped, because all other places are compared with it.
    fc.pre(place.file !== 'package.json')
    const file = join(copy, place.file)
    const text = readFileSync(file, 'utf8')
    writeFileSync(file, text.replaceAll(place.pattern, missing ? '' : expectedAt(place, version)))
    const problems = versionProblems(copy)
    writeFileSync(file, text)
    assert.ok(problems.length > 0)
    assert.ok(
      problems.every((line) => line.startsWith(`${place.file}: ${place.what} `)),
      problems.join('\n'),
    )
  })
  fc.assert(property, { numRuns: 60 })
  const file = join(copy, 'package.json')
  writeFileSync(file, readFileSync(file, 'utf8').replace(`"version": "${VERSION}"`, '"version": "0.1.1-rc.1"'))
  const problems = versionProblems(copy)
  assert.equal(problems[0], 'package.json: the version 0.1.1-rc.1 is not X.Y.Z')
  assert.ok(problems.some((line) => line.startsWith('chart/Chart.yaml: appVersion is ')))
})

test('a set that fails writes nothing', () => {
  const copy = copyTree()
  const before = snapshot(copy)
  assert.throws(() => setVersion(copy, '1.2', '2031-02-03'), /1\.2 is not a version of the form X\.Y\.Z/)
  assert.deepEqual(snapshot(copy), before)
  writeFileSync(join(copy, 'examples/gitops/flux.yaml'), 'spec: {}\n')
  const broken = snapshot(copy)
  assert.throws(() => setVersion(copy, '98.7.6', '2031-02-03'), /examples\/gitops\/flux\.yaml: tag is missing/)
  assert.deepEqual(snapshot(copy), broken)
  const released = copyTree()
  writeFileSync(join(released, 'CHANGELOG.md'), '## [Unreleased]\n- x\n\n## [2.0.0] - 2030-01-01\n- y\n')
  assert.throws(() => setVersion(released, '1.9.9', '2031-02-03'), /already has a newer version than 1\.9\.9: 2\.0\.0/)
})

test('the moving tag stays with the newest release of its line', () => {
  const tags = ['v0.9.0', 'v1.2.3', 'v1.10.0', 'v1', 'v2.0.0', 'v1.11.0-rc.1', '']
  assert.equal(movingTag('1.10.0', tags), 'v1')
  assert.equal(movingTag('1.10.1', tags), 'v1')
  assert.equal(movingTag('1.9.9', tags), undefined)
  assert.equal(movingTag('0.9.1', tags), 'v0')
  assert.ok(compareVersions('1.10.0', '1.9.9') > 0)
  assert.equal(compareVersions('1.10.0', '1.10.0'), 0)
})

function snapshot(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  return Object.fromEntries(
    files.map((entry) => [
      join(entry.parentPath, entry.name),
      readFileSync(join(entry.parentPath, entry.name), 'utf8'),
    ]),
  )
}
