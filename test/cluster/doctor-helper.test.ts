import { after, test } from 'node:test'
import { CLOUD_SETUPS } from './doctor/cloud-setups.ts'
import { openHelperBed } from './doctor/helper-bed.ts'
import { HELPER_SETUPS } from './doctor/helper-setups.ts'
import { OBJECT_SETUPS } from './doctor/object-setups.ts'
import { testSetups, untilHealthy } from './doctor/setup.ts'

const bed = await openHelperBed('doctor-helper')
after(() => bed[Symbol.asyncDispose]())

test('doctor finds nothing in a healthy cluster', () => untilHealthy(bed))

testSetups(() => bed, [...HELPER_SETUPS, ...CLOUD_SETUPS, ...OBJECT_SETUPS])
