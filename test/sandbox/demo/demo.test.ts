import assert from 'node:assert/strict'
import { test } from 'node:test'
import { closingTable } from '../../../sandbox/demo/run-demo.ts'
import { plainSummary } from '../../../sandbox/demo/steps.ts'

test('a job summary is shown without its HTML', () => {
  const markdown =
    '### 1 deployed\n\n| a &lt;b&gt; |\n\n\n<details><summary>staging: what was done</summary>\n\n- RAM &amp; Helm\n\n</details>\n'
  assert.equal(plainSummary(markdown), '### 1 deployed\n\n| a <b> |\n\nstaging: what was done\n\n- RAM & Helm')
})

test('the closing table shows what each step proves, its duration and its result', () => {
  const table = closingTable([
    { proves: 'same UID', time: '0.1 s', result: 'new content' },
    { proves: 'it pulls', time: '1 min 02 s', result: 'running' },
  ])
  assert.ok(table.startsWith('\nShown\n  same UID       0.1 s  new content\n  it pulls  1 min 02 s  running\n'), table)
  assert.match(table, /npm run sandbox -- up/)
})
