import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type CrowdedServer, startCrowdedServer } from '../support/crowded-server.ts'
import { type BinResult, runBin } from './run-bin.ts'

/**
 * The limit of live objects in mebibytes. Lists of this size need three times as much if they are
 * kept whole. A program that needs more than the limit exits with an error, whenever its garbage is
 * collected. A program that is only short of memory collects more often.
 */
const HEAP = 64
const SIZES = { pods: 3000, replicaSets: 3000, rollouts: 2000 }

let folder: string
let crowded: CrowdedServer
before(async () => {
  crowded = await startCrowdedServer(SIZES)
  folder = await mkdtemp(join(tmpdir(), 'acr-nopass-heap-'))
  await writeFile(join(folder, 'kubeconfig'), crowded.kubeconfig)
})
after(async () => {
  await crowded[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})

const run = (...args: readonly string[]): Promise<BinResult> =>
  runBin([...args, '--kubeconfig', join(folder, 'kubeconfig'), '-o', 'json'], {
    env: { NODE_OPTIONS: `--max-old-space-size=${HEAP}` },
  })

test(`doctor reads ${SIZES.pods} Pods within ${HEAP} MiB of heap`, async () => {
  const { code, stdout, stderr } = await run('doctor')
  assert.deepEqual([code, stderr], [1, ''])
  const { findings } = JSON.parse(stdout) as {
    readonly findings: { readonly id: string; readonly objects?: string[] }[]
  }
  assert.equal(findings.find(({ id }) => id === 'PODS_OLD')?.objects?.length, SIZES.pods)
})

test(`cleanup --legacy reads ${SIZES.pods} Pods and ${SIZES.replicaSets + SIZES.rollouts} templates within ${HEAP} MiB of heap`, async () => {
  const { code, stdout, stderr } = await run('cleanup', '--legacy')
  assert.deepEqual([code, stderr], [1, ''])
  const { dependents } = JSON.parse(stdout) as { readonly dependents: { readonly subject: string }[] }
  const named = (kind: string): number => dependents.filter(({ subject }) => subject.startsWith(kind)).length
  assert.deepEqual([named('ReplicaSet '), named('Rollout ')], [SIZES.replicaSets, SIZES.rollouts])
})
