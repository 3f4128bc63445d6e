import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import { readdir, rm } from 'node:fs/promises'
import { test } from 'node:test'
import { stringify } from 'yaml'
import { releaseObjects, VALUES } from '../fleet/release-objects.ts'
import { eventually } from '../support/eventually.ts'
import { startFakeApiServer } from '../support/fake-api-server.ts'
import { runAction } from './support/run-action.ts'

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  test(`P10: a check that a runner cancels by ${signal} ends at once, counts what was checked, sets no output, and leaves no kubeconfig`, async (t) => {
    await using fine = await startFakeApiServer(releaseObjects())
    await using hangs = await startFakeApiServer(releaseObjects())
    hangs.answer = (path) => (path === '/api/v1/pods' ? new Promise<never>(() => undefined) : undefined)
    let child: ChildProcess | undefined
    const running = runAction({
      inputs: {
        mode: 'check',
        clusters: stringify([
          { name: 'fine', kubeconfig: { env: 'FINE' } },
          { name: 'hangs', kubeconfig: { env: 'HANGS' } },
        ]),
        values: stringify(VALUES),
        'max-parallel': '1',
      },
      env: { FINE: fine.kubeconfig, HANGS: hangs.kubeconfig },
      onStart: (started) => {
        child = started
      },
    })
    await eventually(() => assert.ok(hangs.calls.includes('GET /api/v1/pods')), 60_000)
    const begin = performance.now()
    child?.kill(signal)
    const { code, stdout, summary, outputs, annotations, temp } = await running
    t.after(() => rm(temp, { recursive: true }))
    assert.ok(performance.now() - begin < 15_000)
    assert.equal(code, 1)
    const message = `ended by ${signal}: 1 of 2 clusters were checked (1 healthy)`
    assert.ok(
      annotations.some((one) => one.title === 'INTERRUPTED' && one.message.startsWith(message)),
      stdout,
    )
    assert.match(summary, /^### acr-nopass check: interrupted\n/)
    assert.doesNotMatch(stdout + summary, /nothing was started/)
    assert.deepEqual(outputs, {})
    assert.deepEqual(
      (await readdir(temp)).filter((name) => name.startsWith('acr-nopass-')),
      [],
    )
  })
}
