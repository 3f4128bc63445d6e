import { NopassError } from '../../errors.ts'
import type { KubeClient } from '../../kube/client.ts'
import { namespacedPath } from '../../kube/types.ts'
import { type HelperStatus, STATUS_KEY } from '../../release/helper-status.ts'
import type { Environment } from '../environment/environment.ts'
import type { StepHandle } from '../progress.ts'

/** What a step of the demo works with. */
export interface DemoContext {
  readonly environment: Environment
  /** What earlier steps have left for later ones. */
  readonly memory: DemoMemory
  readonly print: (text: string) => void
  readonly signal: AbortSignal
}

/** One step of the demo. It throws when what it means to show is not so. */
export interface DemoStep {
  readonly title: string
  /** What it proves, in the closing table. */
  readonly proves: string
  /** Without a real node the step cannot be done. */
  readonly needsNode?: boolean
  /** The answer: what happened, with its figures. */
  run(context: DemoContext, step: StepHandle): Promise<string>
}

/** The demo shows what is so, or fails. Throws SANDBOX_DEMO. */
export function expect(fact: boolean, message: string): asserts fact {
  if (!fact) throw new NopassError('SANDBOX_DEMO', message)
}

/** What later steps need to know of earlier ones. */
export interface DemoMemory {
  /** The user's repository, in which the workflow runs. */
  workspace: string | undefined
  /** Milliseconds from a namespace's creation until its Secret was there, until its Pod ran. */
  secretMs: number | undefined
  podMs: number | undefined
}

/** Where the helper of the demo's release reports. */
export const STATUS_OBJECT = { namespace: 'acr-nopass', name: 'acr-nopass-status' } as const

/** The helper's own report in a cluster; undefined before the first. */
export async function readStatus(client: KubeClient, signal: AbortSignal): Promise<HelperStatus | undefined> {
  const path = namespacedPath('/api/v1', STATUS_OBJECT.namespace, 'configmaps', STATUS_OBJECT.name)
  const { data } = await client.request<{ data?: Record<string, string> }>({ method: 'GET', path }, signal)
  const text = data?.[STATUS_KEY]
  return text === undefined ? undefined : (JSON.parse(text) as HelperStatus)
}
