import { after, test } from 'node:test'
import { openPodBed } from './doctor/pod-bed.ts'
import { POD_SETUPS } from './doctor/pod-setups.ts'
import { RELEASE_SETUPS } from './doctor/release-setups.ts'
import { testSetups, untilHealthy } from './doctor/setup.ts'

const bed = await openPodBed('doctor-pods')
after(() => bed[Symbol.asyncDispose]())

/** With a second release there, each is a rival of the other. */
const beside = { ...bed.helper, known: () => ['RIVAL_RELEASE'] as const }

test('doctor finds nothing in a healthy cluster with Pods', () => untilHealthy(bed))

testSetups(() => bed, POD_SETUPS)

testSetups(() => beside, RELEASE_SETUPS)
