import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { type HelperCluster, HOME, names, RELEASE, SECRET } from '../../cluster/helper-cluster.ts'
import { beyondRights } from '../cluster/audited-rights.ts'
import { startVersionRecorder } from '../cluster/version-recorder.ts'
import { eventually } from '../eventually.ts'
import { type FaultFigure, reportFault } from './fault-report.ts'

/** What must hold whatever breaks: looked at from when it is opened until it is closed. */
export interface FaultInvariants extends AsyncDisposable {
  /** The `metadata.resourceVersion` of a write of somebody else to an imagePullSecrets list or a pull secret. */
  noteOther(resourceVersion: string): void
  /** Objects of this namespace are deleted or taken back on purpose, from now on. */
  forgive(namespace: string): void
  /**
   * After a fault: waits until all is current again by itself, then asserts that no entry of others was lost or moved, no Secret
   * was emptied, shrunk or got a second UID, and no request went beyond the helper's rights; reports the time since `since`.
   */
  assertHeld(context: TestContext, fault: Fault): Promise<void>
}

interface Fault extends Omit<FaultFigure, 'recoveredMs'> {
  /** `performance.now()` at the end of the fault, or at its begin where it ends at once. */
  readonly since: number
  /** Namespaces that must be usable: Secret as the helper's own, named once by the ServiceAccount `default`. */
  readonly namespaces: readonly string[]
  /** How much faster than ours the helper's clock runs: the time told is the helper's (default 1). */
  readonly clockRate?: number
  readonly limitMs?: number
  /** The API server was restarted meanwhile. */
  readonly serverRestarted?: boolean
}

const LIMIT_MS = 120_000

/** Begins to look, with an administrator's client of the API server itself. */
export function openFaultInvariants(helperCluster: HelperCluster): FaultInvariants {
  const recorder = startVersionRecorder(helperCluster.admin, SECRET)
  let from = helperCluster.auditLength()
  return {
    noteOther: recorder.noteOther,
    forgive: recorder.forgive,
    async assertHeld(
      context,
      { since, namespaces, clockRate = 1, limitMs = LIMIT_MS, serverRestarted = false, ...figure },
    ) {
      await eventually(async () => {
        const usable = await Promise.all(namespaces.map((namespace) => helperCluster.isUsable(namespace)))
        assert.deepEqual(
          namespaces.filter((_, index) => !usable[index]),
          [],
        )
      }, limitMs)
      const recoveredMs = (performance.now() - since) * clockRate
      for (const namespace of namespaces) {
        assert.equal(names(await helperCluster.account(namespace)).filter((name) => name === SECRET).length, 1)
      }
      await recorder.caughtUp()
      assert.deepEqual(recorder.violations(), [])
      const entries = helperCluster.chart.cluster.auditLog().slice(from)
      from += entries.length
      const wrong = beyondRights(entries, { home: HOME, release: RELEASE, secretName: SECRET, serverRestarted })
      assert.deepEqual(wrong, [])
      reportFault(context, { ...figure, recoveredMs })
    },
    [Symbol.asyncDispose]: recorder.stop,
  }
}
