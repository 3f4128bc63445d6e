import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import fc from 'fast-check'
import { eventually } from '../support/eventually.ts'
import { openFaultFixture } from './fault-fixture.ts'
import { names, SECRET } from './helper-cluster.ts'
import { performCase, writerCases } from './list-writers.ts'

const fixture = await openFaultFixture('fault-writers', { namespaces: 1, values: { replicas: 1 } })
after(() => fixture[Symbol.asyncDispose]())
const { helperCluster, proxy, invariants } = fixture
const ACCOUNTS = '/api/v1/namespaces/team-0/serviceaccounts'
/**
 * Seeded, so that a failure can be reproduced; `ACR_NOPASS_WRITER_CASES` sets the number of cases.
 */
const CASES = Number(process.env.ACR_NOPASS_WRITER_CASES ?? 25)

for (const writers of [2, 3]) {
  test(`P1 ${writers} writers change one list in any order: each of their entries keeps its position, and the helper's entry appears once`, async (context) => {
    const from = proxy.calls.length
    let cases = 0
    let writes = 0
    let longestMs = 0
    const property = fc.asyncProperty(writerCases(writers), async (one) => {
      cases += 1
      const account = `of-${writers}-${cases}`
      const path = `${ACCOUNTS}/${account}`
      const match = ({ method, url }: { method: string; url: string }) => method === 'PATCH' && url.startsWith(path)
      const slow = proxy.fault({ match, fault: { kind: 'delay', ms: one.helperDelayMs } })
      await helperCluster.admin.request({ method: 'POST', path: ACCOUNTS, body: { metadata: { name: account } } })
      const theirs = await performCase(helperCluster.admin, path, one, (resourceVersion) => {
        writes += 1
        invariants.noteOther(resourceVersion)
      })
      const done = performance.now()
      await eventually(async () => {
        const list = names(await helperCluster.account('team-0', account))
        assert.equal(list.filter((name) => name === SECRET).length, 1)
        assert.deepEqual(
          list.filter((name) => name !== SECRET),
          theirs,
        )
      }, 60_000)
      longestMs = Math.max(longestMs, performance.now() - done)
      slow.remove()
    })
    await fc.assert(property, { numRuns: CASES, seed: 20_261_125 + writers, endOnFailure: true })
    const ours = proxy.calls.slice(from).filter(({ method, url }) => method === 'PATCH' && url.startsWith(ACCOUNTS))
    const conflicts = ours.filter(({ status }) => status === 409).length
    await invariants.assertHeld(context, {
      id: `writers-${writers}`,
      area: 'writers',
      // Reports the case in which the helper took longest after the last write of the other
      // clients.
      since: performance.now() - longestMs,
      namespaces: fixture.served,
      counts: { cases, writes, ours: ours.length, conflicts },
    })
  })
}
