import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { testCases, untilHealthy } from './doctor/case.ts'
import { CLOUD_CASES } from './doctor/cloud-cases.ts'
import { HELPER_CASES } from './doctor/helper-cases.ts'
import { openHelperFixture } from './doctor/helper-fixture.ts'
import { OBJECT_CASES } from './doctor/object-cases.ts'
import { runDoctor } from './doctor/run-doctor.ts'

const fixture = await openHelperFixture('doctor-helper')
after(() => fixture[Symbol.asyncDispose]())

test('doctor finds nothing in a healthy cluster, where it can check everything', async () => {
  await untilHealthy(fixture)
  const { healthy, unread } = (await runDoctor(fixture.kubeconfig, [])).report
  assert.deepEqual([healthy, unread], [true, []])
})

testCases(() => fixture, [...HELPER_CASES, ...CLOUD_CASES, ...OBJECT_CASES])
