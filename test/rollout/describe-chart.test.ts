import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { describeChart, nameOfArchive, whyUnchecked } from '../../src/rollout/inputs/describe-chart.ts'
import { VERSION } from '../../src/version.ts'
import { tarParts } from '../../tools/tar.ts'

const folder = mkdtempSync(join(tmpdir(), 'acr-nopass-chart-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const OURS = 'name: acr-nopass\nversion: 1.0.0\n'

function put(files: Readonly<Record<string, string | Buffer>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
}
const archive = (files: Readonly<Record<string, string>>): Buffer =>
  gzipSync(
    Buffer.concat([
      ...tarParts(
        Object.entries(files).map(([path, text]) => ({ path, kind: 'file' as const, content: Buffer.from(text) })),
      ),
    ]),
  )
const describe = (chart: string, version = '') =>
  describeChart({ chart, 'chart-version': version }, { chartFolder: '/own/chart', workingDirectory: folder })

test('without an input the chart of this version is used, which is ours', () => {
  assert.deepEqual(describe(''), {
    reference: '/own/chart',
    version: undefined,
    ours: true,
    bundled: `acr-nopass-${VERSION}`,
    defaults: undefined,
  })
})

const DIGEST = `sha256:${'0a'.repeat(32)}`
for (const [chart, ours] of [
  ['oci://ghcr.io/acr-nopass/charts/acr-nopass', true],
  ['oci://registry.example:5000/mirror/acr-nopass', true],
  ['oci://r.example/acr-nopass:1.0.0-rc.1+b', true],
  [`oci://r.example/acr-nopass@${DIGEST}`, true],
  [`oci://r.example/acr-nopass:1.0.0@${DIGEST}`, true],
  ['oci://r.example/my-acr-nopass', false],
  ['oci://r.example/acr-nopass-fork', false],
  ['oci://r.example/acr-nopass/other', false],
  [`oci://r.example/acr-nopass@${DIGEST}0`, false],
  ['oci://r.example/platform', false],
] as const) {
  test(`${chart} is ${ours ? 'a mirror of our chart' : 'another chart'}`, () => {
    assert.deepEqual(describe(chart, '1.2.3'), {
      reference: chart,
      version: '1.2.3',
      ours,
      bundled: undefined,
      defaults: undefined,
    })
  })
}

test('our chart in a folder has the values of its own version', () => {
  put({ 'ours/Chart.yaml': `\ufeff${OURS}`, 'ours/values.yaml': 'revisionHistoryLimit: 7\n', 'bare/Chart.yaml': OURS })
  assert.deepEqual(describe('ours'), {
    reference: join(folder, 'ours'),
    version: undefined,
    ours: true,
    bundled: undefined,
    defaults: { name: 'chart/values.yaml', text: 'revisionHistoryLimit: 7\n' },
  })
  assert.deepEqual(describe(join(folder, 'bare')), {
    reference: join(folder, 'bare'),
    version: undefined,
    ours: true,
    bundled: undefined,
    defaults: undefined,
  })
})

test("another chart's values are not taken for ours", () => {
  put({
    'other/Chart.yaml': 'name: platform\n',
    'other/values.yaml': 'revisionHistoryLimit: 7\n',
    'other.tgz': archive({
      'platform/Chart.yaml': 'name: platform\n',
      'platform/values.yaml': 'revisionHistoryLimit: 7\n',
    }),
  })
  for (const chart of ['other', 'other.tgz']) {
    const { ours, defaults, reference } = describe(chart)
    assert.deepEqual([ours, defaults, reference], [false, undefined, join(folder, chart)])
  }
})

test('of a file that an archive has twice, the last one counts, as for helm', () => {
  const twice = Buffer.concat([
    ...tarParts(
      ['name: first', 'name: acr-nopass'].map((text) => ({
        path: 'a/Chart.yaml',
        kind: 'file' as const,
        content: Buffer.from(text),
      })),
    ),
  ])
  assert.equal(nameOfArchive(gzipSync(twice), 'a.tgz'), 'acr-nopass')
  assert.equal(nameOfArchive(archive({ 'any-folder/Chart.yaml': OURS }), 'a.tgz'), 'acr-nopass')
})

test('what is no chart is refused with what is wrong', () => {
  put({
    'unnamed/Chart.yaml': 'version: 1.0.0\n',
    'broken/Chart.yaml': 'name: [\n',
    'number/Chart.yaml': 'name: 1\n',
    'large/Chart.yaml': `${OURS}${'#'.repeat(1024 * 1024)}`,
    'large-values/Chart.yaml': OURS,
    'large-values/values.yaml': '#'.repeat(1024 * 1024 + 1),
    'folder/Chart.yaml/x': '',
    'plain.tgz': 'no archive',
    'nameless.tgz': archive({ 'a/values.yaml': '' }),
  })
  mkdirSync(join(folder, 'pipe'))
  execFileSync('mkfifo', [join(folder, 'pipe', 'Chart.yaml')])
  for (const name of ['unnamed', 'broken', 'number', 'nameless.tgz']) {
    const message = `chart: ${name} has no Chart.yaml with a name`
    assert.throws(() => describe(name), { code: 'HELM_CHART', message })
  }
  for (const [name, file] of [
    ['large', 'large/Chart.yaml'],
    ['large-values', 'large-values/values.yaml'],
  ] as const) {
    const message = `${join(folder, file)} of the chart is larger than 1 MiB`
    assert.throws(() => describe(name), { code: 'HELM_CHART', message })
  }
  for (const name of ['folder', 'pipe']) {
    const message = `${join(folder, name, 'Chart.yaml')} of the chart cannot be read`
    assert.throws(() => describe(name), { code: 'HELM_CHART', message })
  }
  assert.throws(() => describe('plain.tgz'), {
    code: 'HELM_CHART',
    message: 'chart: plain.tgz is neither a folder nor the archive of a chart',
  })
  assert.throws(() => describe('absent'), {
    code: 'HELM_CHART',
    message: `chart: ${join(folder, 'absent')} does not exist`,
    hint: /^A relative path starts at the workspace\./,
  })
  for (const chart of ['https://example.com/a.tgz', 'git+ssh://example.com/a', 'HTTP://example.com/a']) {
    assert.throws(() => describe(chart), {
      code: 'INPUT_INVALID',
      message: `chart: ${chart} is neither a folder, an archive, nor oci://`,
    })
  }
})

test('for another chart it is said that its values were not checked', () => {
  const settings = { reference: 'oci://r/platform', version: undefined, bundled: undefined, defaults: undefined }
  assert.equal(whyUnchecked({ ...settings, ours: true }), undefined)
  assert.match(
    whyUnchecked({ ...settings, ours: false }) ?? '',
    /^the values were not checked: oci:\/\/r\/platform is not/,
  )
})
