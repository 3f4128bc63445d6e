import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { UNVERIFIED } from '../../../src/alibaba/unverified.ts'
import { FINDING_IDS, type FindingId } from '../../../src/doctor/finding.ts'
import { CLOUD_SETUPS } from '../../cluster/doctor/cloud-setups.ts'
import { HELPER_SETUPS } from '../../cluster/doctor/helper-setups.ts'
import { OBJECT_SETUPS } from '../../cluster/doctor/object-setups.ts'
import { POD_SETUPS } from '../../cluster/doctor/pod-setups.ts'
import { PULL_SETUPS } from '../../cluster/doctor/pull-setups.ts'
import { READ_SETUPS } from '../../cluster/doctor/read-setups.ts'
import { RELEASE_SETUPS } from '../../cluster/doctor/release-setups.ts'

const ROOT = join(import.meta.dirname, '../../..')
const TABLES = [HELPER_SETUPS, CLOUD_SETUPS, OBJECT_SETUPS, POD_SETUPS, PULL_SETUPS, RELEASE_SETUPS, READ_SETUPS]

/** Made for real too, in tests that are no row of a table. */
const ELSEWHERE: Readonly<Partial<Record<FindingId, string>>> = {
  NOT_INSTALLED: 'test/cluster/cli-doctor.test.ts',
  RELEASE_UNREADABLE: 'test/cluster/cli-doctor.test.ts',
  RETIRING: 'test/cluster/cli-doctor.test.ts',
  REGISTRY_PENDING: 'test/cluster/cli-doctor.test.ts',
  REGISTRY_EXPIRING: 'test/cluster/cli-doctor.test.ts',
  KUBERNETES_OLD: 'test/cluster/doctor-oldest.test.ts',
  POD_NETWORK: 'test/node/doctor-suite.ts',
  POD_CERTIFICATE: 'test/node/doctor-suite.ts',
  POD_HTTP: 'test/node/doctor-suite.ts',
  POD_NEVER_PULLS: 'test/node/doctor-suite.ts',
  // Problems of the helper that doctor repeats: made with the whole helper in memory.
  SECRET_FOUGHT: 'test/helper/stuck.test.ts',
  NAMESPACE_UNREADABLE: 'test/helper/stuck.test.ts',
  // Whatever has no name of its own: there is no single way to make it.
  HELPER_PROBLEM: 'test/doctor/rights-and-writes.test.ts',
}

const tabled = new Set<FindingId>(TABLES.flatMap((table) => table.map(({ id }) => id)))

test('every finding of doctor is made for real, in a table or in a test that is named', () => {
  const made = [...tabled, ...(Object.keys(ELSEWHERE) as FindingId[])]
  assert.deepEqual(made.toSorted(), [...FINDING_IDS].toSorted())
  for (const [id, file] of Object.entries(ELSEWHERE)) {
    assert.ok(readFileSync(join(ROOT, file), 'utf8').includes(id), `${id} in ${file}`)
  }
})

test('the tables hold at least 25 broken set-ups, each with a title of its own', () => {
  const titles = TABLES.flatMap((table) => table.map(({ title, id }) => `${id}: ${title}`))
  assert.ok(titles.length >= 25, String(titles.length))
  assert.equal(new Set(titles).size, titles.length)
})

for (const language of ['en', 'zh']) {
  test(`docs/${language}/troubleshooting.md has one row for each finding, and no other`, () => {
    const page = readFileSync(join(ROOT, `docs/${language}/troubleshooting.md`), 'utf8')
    const ids = [...page.matchAll(/^\| [^|]+ \| `([A-Z_]+)` \| [^|]+ \|$/gm)].map(([, id]) => id)
    assert.deepEqual(ids.toSorted(), [...FINDING_IDS].toSorted())
  })
}

test('both pages explain every fact that is relied on without being verified', () => {
  for (const language of ['en', 'zh']) {
    const page = readFileSync(join(ROOT, `docs/${language}/troubleshooting.md`), 'utf8')
    for (const id of Object.keys(UNVERIFIED)) assert.ok(page.includes(`| \`${id}\` |`), `${language}: ${id}`)
  }
})
