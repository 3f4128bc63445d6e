import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { NEWEST, openHelm, readGolden, scenario } from '../support/chart/chart.ts'
import { openNotesChart } from '../support/chart/notes-chart.ts'

const helm = await openHelm()
const chart = await openNotesChart()
after(() => Promise.all([helm, chart].map((resource) => resource[Symbol.asyncDispose]())))

for (const [name, kubeVersion] of [
  ['minimal', NEWEST],
  ['minimal', '1.35.2-aliyun.1'],
  ['everything', NEWEST],
  ['namespaces-scope', NEWEST],
  ['service-accounts', NEWEST],
  ['no-guard', '1.24.6-aliyun.1'],
  ['retire', NEWEST],
  ['nodes-only', NEWEST],
] as const) {
  test(`the notes of ${name} on Kubernetes ${kubeVersion} report what was decided`, async () => {
    const notes = await chart.notes(helm, [scenario(name)], kubeVersion)
    assert.equal(notes, await readGolden(`${name}-${kubeVersion}.notes.txt`, notes))
  })
}
