import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { UNVERIFIED } from '../../../src/alibaba/unverified.ts'
import { FINDING_IDS, type FindingId } from '../../../src/doctor/finding.ts'
import { CLOUD_CASES } from '../../cluster/doctor/cloud-cases.ts'
import { HELPER_CASES } from '../../cluster/doctor/helper-cases.ts'
import { OBJECT_CASES } from '../../cluster/doctor/object-cases.ts'
import { POD_CASES } from '../../cluster/doctor/pod-cases.ts'
import { PULL_CASES } from '../../cluster/doctor/pull-cases.ts'
import { READ_CASES } from '../../cluster/doctor/read-cases.ts'
import { RELEASE_CASES } from '../../cluster/doctor/release-cases.ts'

const ROOT = join(import.meta.dirname, '../../..')
const TABLES = [HELPER_CASES, CLOUD_CASES, OBJECT_CASES, POD_CASES, PULL_CASES, RELEASE_CASES, READ_CASES]

/** Findings that are reproduced on real systems in other tests. */
const ELSEWHERE: Readonly<Partial<Record<FindingId, string>>> = {
  NOT_INSTALLED: 'test/cluster/cli-doctor.test.ts',
  LEFTOVERS: 'test/cluster/cli-doctor.test.ts',
  RELEASE_UNREADABLE: 'test/cluster/cli-doctor.test.ts',
  RETIRING: 'test/cluster/cli-doctor.test.ts',
  HELPER_OFF: 'test/cluster/helper-off.test.ts',
  REGISTRY_PENDING: 'test/cluster/cli-doctor.test.ts',
  REGISTRY_EXPIRING: 'test/cluster/cli-doctor.test.ts',
  KUBERNETES_OLD: 'test/cluster/doctor-oldest.test.ts',
  POD_NETWORK: 'test/node/doctor-suite.ts',
  POD_CERTIFICATE: 'test/node/doctor-suite.ts',
  POD_HTTP: 'test/node/doctor-suite.ts',
  POD_NEVER_PULLS: 'test/node/doctor-suite.ts',
  LIMIT_NOT_ACCEPTED: 'test/cluster/limits.test.ts',
  LIMIT_UNCONFIRMED: 'test/cluster/limits.test.ts',
  CREDENTIAL_TOO_WIDE: 'test/cluster/limits.test.ts',
  POD_OUTSIDE_LIMIT: 'test/cluster/limits.test.ts',
  NODE_AUDIENCE_DENIED: 'test/node/provider.test.ts',
  NODE_LOGIN_FAILED: 'test/node/provider.test.ts',
  NODE_PROGRAM_MISSING: 'test/node/provider.test.ts',
  NODE_WITHOUT_PLUGIN: 'test/node/provider.test.ts',
  // A real kubelet's metrics are read in test/node/provider.test.ts; these differ in their values.
  NODE_OTHER_CONFIG: 'test/doctor/nodes.test.ts',
  NODE_SILENT: 'test/doctor/nodes.test.ts',
  NODE_KUBELET_OLD: 'test/doctor/nodes.test.ts',
  NODE_BOTH_WAYS: 'test/doctor/nodes.test.ts',
  POD_NODE_LOGIN: 'test/doctor/nodes.test.ts',
  // The emulated cloud has the same address in all regions.
  INSTANCE_ELSEWHERE: 'test/doctor/read-instance.test.ts',
  // Problems of the helper that doctor repeats. Other tests reproduce them with the whole helper in
  // memory.
  SECRET_CONFLICT: 'test/helper/stuck.test.ts',
  LOG_UNWRITABLE: 'test/helper/credential-log.test.ts',
  NAMESPACE_UNREADABLE: 'test/helper/stuck.test.ts',
  // The running helper replaces an unreadable status within half a minute.
  STATUS_UNREADABLE: 'test/doctor/malformed-report.test.ts',
  // This is the code for everything unexpected, so no single case reproduces it.
  HELPER_PROBLEM: 'test/doctor/rights-and-writes.test.ts',
}

const tabled = new Set<FindingId>(TABLES.flatMap((table) => table.map(({ id }) => id)))

test('every finding of doctor is reproduced, in a table or in a named test', () => {
  const made = [...tabled, ...(Object.keys(ELSEWHERE) as FindingId[])]
  const without = FINDING_IDS.filter((id) => !made.includes(id))
  const fix = 'add a case to a table in test/cluster/doctor/, or its test to ELSEWHERE'
  assert.deepEqual(without, [], `nothing reproduces ${without.join(', ')}: ${fix}`)
  assert.deepEqual(made.toSorted(), [...FINDING_IDS].toSorted())
  for (const [id, file] of Object.entries(ELSEWHERE)) {
    assert.ok(readFileSync(join(ROOT, file), 'utf8').includes(id), `${id} in ${file}`)
  }
})

test('the tables contain at least 25 broken cases, each with its own title', () => {
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
