import { KUBERNETES_VARIABLE } from '../../test/support/version-variables.ts'
import type { Suite } from './suites.ts'

/** Some files of a suite in one environment. */
export interface Pass {
  readonly suite: Suite
  /** The name of the pass in the run's log. */
  readonly title: string
  readonly files: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

const POLICY = 'MutatingAdmissionPolicy v1 is served from 1.36 on'
const SANDBOX = 'the sandbox command only starts the newest minor'
const FIXTURE = 'the test fixture itself, which every other file uses on both versions'
const CLOUD = 'tests the cloud; its requests to the API server are those that the helper files send on both versions'
const FILES =
  'tests mounted files and settings; its requests to the API server are those that the helper files send on both versions'
const AGES =
  'tests patches with preconditions, leases or lost responses, which have been the same since long before the oldest minor'

/**
 * Files of the cluster suite that do not run on the oldest minor version, because they prove
 * nothing new there, each with the reason. All other files run there too: rights, guard, objects,
 * upgrades, doctor, the helper's promises, and the faults whose responses differ by minor version
 * (watches, webhooks, policies, quotas).
 */
export const NEWEST_ONLY: Readonly<Record<string, string>> = {
  'test/cluster/chart-pods.test.ts': POLICY,
  'test/cluster/chart-pods-images.test.ts': POLICY,
  'test/cluster/cloud-fault-answers.test.ts': CLOUD,
  'test/cluster/cloud-fault-identity.test.ts': CLOUD,
  'test/cluster/cloud-fault-lives.test.ts': CLOUD,
  'test/cluster/doctor-cloud.test.ts': CLOUD,
  'test/cluster/doctor-helper.test.ts': 'tests findings; a separate row names what the oldest minor lacks',
  'test/cluster/doctor-oldest.test.ts': 'starts the oldest minor itself, in either pass',
  'test/cluster/doctor-pods.test.ts': POLICY,
  'test/cluster/fault-api-server.test.ts': AGES,
  'test/cluster/fault-leader.test.ts': AGES,
  'test/cluster/fault-writers.test.ts': AGES,
  'test/cluster/helper-identities.test.ts': CLOUD,
  'test/cluster/helper-options.test.ts': FILES,
  'test/cluster/helper-reload.test.ts': FILES,
  'test/cluster/limits.test.ts': CLOUD,
  'test/cluster/migration.test.ts': CLOUD,
  'test/cluster/object-fault-namespaces.test.ts': AGES,
  'test/cluster/sandbox-cluster.test.ts': FIXTURE,
  'test/cluster/sandbox-commands.test.ts': SANDBOX,
  'test/cluster/sandbox-process-node.test.ts': FIXTURE,
  'test/cluster/sandbox-up.test.ts': SANDBOX,
}

/**
 * Returns the passes of a suite's files. Files of the cluster suite run on the newest Kubernetes,
 * and again on the oldest.
 */
export function passesOf(suite: Suite, files: readonly string[]): Pass[] {
  const first = { suite, title: suite.name, files, env: {} }
  const again = suite.name === 'cluster' ? files.filter((file) => !(file in NEWEST_ONLY)) : []
  if (again.length === 0) return [first]
  const env = { [KUBERNETES_VARIABLE]: 'oldest' }
  return [first, { suite, title: `${suite.name}, oldest Kubernetes`, files: again, env }]
}
