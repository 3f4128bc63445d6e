import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { namesOf } from '../../../scripts/live/names.ts'
import { createRecorder, readRecord } from '../../../scripts/live/record.ts'
import { type ErrorCode, NopassError } from '../../../src/errors.ts'

const RUN = '0123456789abcdef'
const { role, policy } = namesOf(RUN)
const folder = mkdtempSync(join(tmpdir(), 'acr-nopass-record-'))
after(() => rmSync(folder, { recursive: true }))

/** Creates the role, then a policy with this result, and returns what the file records. */
async function recordAfter(result: Error | undefined): Promise<readonly string[]> {
  const recorder = createRecorder(folder, RUN, '1')
  await recorder.create('role', role, async () => undefined)
  const work = () => (result === undefined ? Promise.resolve() : Promise.reject(result))
  const created = recorder.create('policy', policy, work)
  await (result === undefined ? created : assert.rejects(created, result))
  return readRecord(RUN, folder).record.objects.map(({ kind, name, state }) => `${kind} ${name}: ${state}`)
}

test('a refused creation is forgotten, and one without a response stays recorded, beside the other objects', async () => {
  const failure = (code: ErrorCode) => new NopassError(code, 'failed')
  const [kept, other] = [`role ${role}: created`, `policy ${policy}`]
  assert.deepEqual(await recordAfter(undefined), [kept, `${other}: created`])
  for (const code of ['CLOUD_DENIED', 'CLOUD_REJECTED'] as const)
    assert.deepEqual(await recordAfter(failure(code)), [kept])
  const unknown = [failure('CLOUD_UNREACHABLE'), failure('CLOUD_UNAVAILABLE'), new Error('interrupted')]
  for (const error of unknown) assert.deepEqual(await recordAfter(error), [kept, `${other}: requested`])
})
