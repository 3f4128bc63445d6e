import type { HelperStatus } from '../../src/installation/helper-status.ts'
import { readStatus } from '../../src/installation/release-watch.ts'
import type { KubeClient } from '../../src/kube/client.ts'
import type { StepHandle } from '../../tools/progress.ts'
import { TestbedError } from '../../tools/testbed-error.ts'
import type { Environment } from '../environment/start-environment.ts'

export interface DemoContext {
  readonly environment: Environment
  /** The folder of the user's repository, in which the workflows run. */
  readonly workspace: string
  readonly print: (text: string) => void
  readonly signal: AbortSignal
}

/** One step of the demo. */
export interface DemoStep {
  readonly title: string
  /** What the step proves, for the closing table. */
  readonly proves: string
  /** Whether the step needs a real node. */
  readonly needsNode?: boolean
  /**
   * Returns the result, with figures, for the closing table.
   * @throws SANDBOX_DEMO when the result is not the expected one
   */
  run(context: DemoContext, step: StepHandle): Promise<string>
}

/** @throws SANDBOX_DEMO unless `condition` is true */
export function expect(condition: boolean, message: string): asserts condition {
  if (!condition) throw new TestbedError('SANDBOX_DEMO', message)
}

/** The name of the status ConfigMap of the demo's release. */
export const STATUS_OBJECT = { namespace: 'acr-nopass', name: 'acr-nopass-status' } as const

/** Reads the helper's status. Undefined before its first write. */
export function readDemoStatus(client: KubeClient, signal: AbortSignal): Promise<HelperStatus | undefined> {
  const { namespace, name } = STATUS_OBJECT
  return readStatus({ client, signal }, { namespace, statusConfigMap: name })
}
