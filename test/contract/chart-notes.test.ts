import assert from 'node:assert/strict'
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { CHART, NEWEST, openHelm, readGolden, scenario } from '../support/chart/chart.ts'

const helms = [await openHelm('helm4'), await openHelm('helm3')]
const folder = await mkdtemp(join(tmpdir(), 'acr-nopass-notes-'))
after(async () => {
  await Promise.all(helms.map((helm) => helm[Symbol.asyncDispose]()))
  await rm(folder, { recursive: true, force: true })
})

// `helm template` does not print notes, so a copy of the chart renders them into an object.
const chart = join(folder, 'acr-nopass')
await cp(CHART, chart, { recursive: true })
await writeFile(join(chart, 'notes.txt'), await readFile(join(CHART, 'templates/NOTES.txt')))
await writeFile(join(chart, 'templates/notes-probe.yaml'), 'notes: {{ tpl (.Files.Get "notes.txt") . | toJson }}\n')

async function notes(helm: (typeof helms)[0], name: string, kubeVersion: string): Promise<string> {
  const output = await helm.render({ values: [scenario(name)], kubeVersion, chart })
  const [, json] = /^notes: (".*")$/m.exec(output) ?? []
  assert.ok(json, output)
  return JSON.parse(json) as string
}

for (const [name, kubeVersion] of [
  ['minimal', NEWEST],
  ['minimal', '1.35.2-aliyun.1'],
  ['everything', NEWEST],
  ['namespaces-scope', NEWEST],
  ['service-accounts', NEWEST],
  ['no-guard', '1.24.6-aliyun.1'],
  ['retire', NEWEST],
  ['dry-run', NEWEST],
] as const) {
  test(`the notes of ${name} on Kubernetes ${kubeVersion} report what was decided`, async () => {
    const [four = '', three = ''] = await Promise.all(helms.map((helm) => notes(helm, name, kubeVersion)))
    assert.equal(three, four)
    assert.equal(four, await readGolden(`${name}-${kubeVersion}.notes.txt`, four))
  })
}
