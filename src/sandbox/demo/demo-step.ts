import { NopassError } from '../../errors.ts'
import type { KubeClient } from '../../kube/client.ts'
import { namespacedPath } from '../../kube/types.ts'
import { type HelperStatus, STATUS_KEY } from '../../release/helper-status.ts'
import type { Environment } from '../environment/environment.ts'
import type { StepHandle } from '../progress.ts'

export interface DemoContext {
  readonly environment: Environment
  /** The user's repository, in which the workflows run. */
  readonly workspace: string
  readonly print: (text: string) => void
  readonly signal: AbortSignal
}

/** One step of the demo. It throws when the expected result did not occur. */
export interface DemoStep {
  readonly title: string
  /** What it proves, in the closing table. */
  readonly proves: string
  /** The step needs a real node. */
  readonly needsNode?: boolean
  /** Returns what happened, with figures, for the closing table. */
  run(context: DemoContext, step: StepHandle): Promise<string>
}

/** Throws SANDBOX_DEMO unless `fact` is true. */
export function expect(fact: boolean, message: string): asserts fact {
  if (!fact) throw new NopassError('SANDBOX_DEMO', message)
}

/** The status ConfigMap of the demo's release. */
export const STATUS_OBJECT = { namespace: 'acr-nopass', name: 'acr-nopass-status' } as const

/** The helper's status in a cluster; undefined before its first write. */
export async function readStatus(client: KubeClient, signal: AbortSignal): Promise<HelperStatus | undefined> {
  const path = namespacedPath('/api/v1', STATUS_OBJECT.namespace, 'configmaps', STATUS_OBJECT.name)
  const { data } = await client.request<{ data?: Record<string, string> }>({ method: 'GET', path }, signal)
  const text = data?.[STATUS_KEY]
  return text === undefined ? undefined : (JSON.parse(text) as HelperStatus)
}
