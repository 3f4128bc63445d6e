import assert from 'node:assert/strict'
import type { PluginFacts } from '../../../src/doctor/observed.ts'
import { readNodes } from '../../../src/doctor/read/read-nodes.ts'
import { createReader } from '../../../src/kube/read/reader.ts'
import { hashConfig } from '../../../src/node/expected-configs.ts'
import { fixture as doctorFixture } from '../../doctor/fixture.ts'
import type { NodeFixture } from './node-fixture.ts'
import type { ProviderNode } from './provider-node.ts'

/** Reads the node as doctor does, for the configuration that its kubelet has now. */
export async function readByDoctor(
  [fixture, provider]: readonly [NodeFixture, ProviderNode],
  identity: 'service-account' | 'worker-role' = 'service-account',
): Promise<PluginFacts> {
  const { release } = doctorFixture()
  const identities = new Map([[hashConfig([provider.readConfig()]), identity]])
  const matchImages = ['*.*.cr.aliyuncs.com']
  const facts = await readNodes(createReader(fixture.cluster.admin, new AbortController().signal), release, {
    expectConfigs: () => ({ provider: provider.program, matchImages, identities }),
    now: Date.now(),
    isReadOnly: false,
  })
  assert.ok(facts)
  return facts
}
