import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { type HelperCluster, HOME, names, RELEASE, SECRET } from '../../cluster/helper-cluster.ts'
import { readAuditLog } from '../cluster/audit-log.ts'
import { findUnauthorized } from '../cluster/audited-rights.ts'
import { startVersionRecorder } from '../cluster/version-recorder.ts'
import { eventually } from '../eventually.ts'
import { type FaultFigure, reportFault } from './fault-report.ts'

/** Rules that must hold during all faults. They are checked until disposal. */
export interface FaultInvariants extends AsyncDisposable {
  /**
   * Declares another client's write to an imagePullSecrets list or a pull Secret, by its
   * `metadata.resourceVersion`.
   */
  noteOther(resourceVersion: string): void
  /** Declares that objects of this namespace are deleted on purpose from now on. */
  exempt(namespace: string): void
  /**
   * After a fault, waits until everything has recovered automatically. Then asserts that no other
   * owner's entry was lost or moved, and that no Secret was emptied, shrunk or recreated. Also
   * asserts that no request exceeded the helper's permissions. Reports the time since `since`.
   */
  assertHeld(context: TestContext, fault: Fault): Promise<void>
}

interface Fault extends Omit<FaultFigure, 'recoveredMs'> {
  /** `performance.now()` at the end of the fault, or at its start if it has no duration. */
  readonly since: number
  /**
   * Namespaces that must be usable: each has the helper's Secret, and its ServiceAccount `default`
   * references the Secret once.
   */
  readonly namespaces: readonly string[]
  /**
   * How much faster the helper's clock runs. Reported times are by the helper's clock. Default: 1.
   */
  readonly clockRate?: number
  readonly limitMs?: number
  /** Whether the API server was restarted in the meantime. */
  readonly serverRestarted?: boolean
}

const LIMIT_MS = 120_000

/** Starts checking, with an administrator's client that calls the API server directly. */
export function openFaultInvariants(helperCluster: HelperCluster): FaultInvariants {
  const recorder = startVersionRecorder(helperCluster.admin, SECRET)
  let from = helperCluster.auditLength()
  return {
    noteOther: recorder.noteOther,
    exempt: recorder.exempt,
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
      const entries = readAuditLog(helperCluster.chart.cluster).slice(from)
      from += entries.length
      const wrong = findUnauthorized(entries, { home: HOME, release: RELEASE, secretName: SECRET, serverRestarted })
      assert.deepEqual(wrong, [])
      reportFault(context, { ...figure, recoveredMs })
    },
    [Symbol.asyncDispose]: recorder.stop,
  }
}
