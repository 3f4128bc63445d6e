import assert from 'node:assert/strict'
import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { countRequests, countWrites, describeRequests, openAuditWindow } from '../bench/fixture/audit-window.ts'

const line = (username: string, verb: string, resource: string, code: number, stage = 'ResponseComplete'): string =>
  `${JSON.stringify({ user: { username }, verb, objectRef: { resource }, responseStatus: { code }, stage })}\n`

test('a window counts the requests of one user since it was opened, without watches and the Lease', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'acr-nopass-audit-'))
  try {
    const file = join(folder, 'audit.log')
    await writeFile(file, line('helper', 'patch', 'secrets', 201))
    const window = openAuditWindow(file, 'helper')
    await appendFile(
      file,
      [
        line('helper', 'patch', 'secrets', 201),
        line('helper', 'patch', 'serviceaccounts', 409),
        line('helper', 'patch', 'serviceaccounts', 200),
        line('helper', 'update', 'leases', 200),
        line('helper', 'watch', 'secrets', 200, 'ResponseStarted'),
        line('helper', 'watch', 'secrets', 200),
        line('helper', 'list', 'secrets', 200),
        line('another', 'patch', 'secrets', 200),
      ].join(''),
    )
    const counts = window.requests()
    assert.deepEqual(Object.fromEntries(counts), {
      'patch secrets 201': 1,
      'patch serviceaccounts 409': 1,
      'patch serviceaccounts 200': 1,
      'list secrets 200': 1,
    })
    assert.deepEqual(
      [countRequests(counts), countRequests(counts, 'secrets'), countWrites(counts), countWrites(counts, 'secrets')],
      [4, 2, 3, 1],
    )
    assert.equal(window.watches(), 1)
    assert.match(describeRequests(counts, 2), /patch secrets 201: 0\.50/)
  } finally {
    await rm(folder, { recursive: true })
  }
})
