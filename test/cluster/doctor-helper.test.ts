import { after, test } from 'node:test'
import { testCases, untilHealthy } from './doctor/case.ts'
import { CLOUD_CASES } from './doctor/cloud-cases.ts'
import { HELPER_CASES } from './doctor/helper-cases.ts'
import { openHelperFixture } from './doctor/helper-fixture.ts'
import { OBJECT_CASES } from './doctor/object-cases.ts'

const fixture = await openHelperFixture('doctor-helper')
after(() => fixture[Symbol.asyncDispose]())

test('doctor finds nothing in a healthy cluster', () => untilHealthy(fixture))

testCases(() => fixture, [...HELPER_CASES, ...CLOUD_CASES, ...OBJECT_CASES])
