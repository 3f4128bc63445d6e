import { meaningOf } from '../../kube/waiting-reasons.ts'
import { type ShellCommand, shell } from '../../lib/shell-command.ts'
import type { Verdict } from '../finding.ts'
import type { ContainerFacts, Observed, PodFacts } from '../observed.ts'
import { explainPull } from './node-words.ts'
import { describePod, hasImage, isUnreported, isWaiting, type PodContext } from './pod-context.ts'
import { podSteps, type Step } from './pod-steps.ts'

/** The result of the pull of one container or image volume. */
export type Outcome =
  | { readonly state: 'pulled'; readonly detail: string }
  /** The container waits for something else, which the detail names. No pull was seen yet. */
  | { readonly state: 'waits'; readonly detail: string }
  | { readonly state: 'cannot' | 'unknown'; readonly detail: string; readonly verdict: Verdict }

export interface Judgement {
  readonly outcome: Outcome
  readonly steps: readonly Step[]
}

/** Judges one container or image volume of a Pod. */
export function judgeContainer(
  pod: PodFacts,
  container: ContainerFacts,
  observed: Observed,
  context: PodContext | undefined,
): Judgement {
  const steps = podSteps(pod, container, observed, context)
  const outcome = judgeOutcome(pod, container, observed, steps)
  const node: Step = { step: 'node', state: outcome.state === 'pulled' ? 'ok' : 'unknown', detail: outcome.detail }
  // A step that failed before the node's step is more exact. The last step shows the result of the
  // pull.
  return { outcome, steps: isWaiting(container) && pod.over === undefined ? steps : [...steps, node] }
}

function judgeOutcome(pod: PodFacts, container: ContainerFacts, observed: Observed, steps: readonly Step[]): Outcome {
  const { waiting, waitsFor, running } = container
  const where = pod.node ?? 'the node'
  if (waitsFor !== undefined) return waits(waitsFor)
  if (hasImage(container)) {
    const because = waiting === undefined ? '' : `: it waits as ${waiting}`
    return { state: 'pulled', detail: running ? `${where} runs it` : `${where} has the image${because}` }
  }
  if (pod.over !== undefined) return waits(`nothing: the Pod has finished (${pod.over})`)
  if (isWaiting(container)) return judgeFailed(pod, container, observed, steps)
  if (waiting === undefined) return judgeUnreported(pod, observed.now)
  if (isBefore(waiting)) {
    if (!isOverdue(pod, container, observed.now)) return waits(describeTurn(pod, waiting))
    return describeUnclear(
      `it waits as ${waiting} for more than ten minutes, and nothing shows the reason: a pull may hang`,
      {
        fix: 'Read the Events of the Pod: perhaps a volume cannot be mounted, or a pull hangs.',
        command: describePod(pod),
      },
    )
  }
  return describeUnclear(`the node gives a reason that doctor does not know: ${waiting}`, {
    fix: 'Read the Events of the Pod.',
    command: describePod(pod),
  })
}

/** Judges a container of which the Pod's status has nothing. */
function judgeUnreported(pod: PodFacts, now: number): Outcome {
  const { node, createdAt = now, scheduledAt = createdAt } = pod
  if (node === undefined) return waits('a node')
  if (!isUnreported(pod) || now - scheduledAt <= LONGEST_TURN) return waits(`a report of node ${node}`)
  return describeUnclear(`node ${node} has reported nothing about the Pod for more than ten minutes`, {
    fix: 'Check the node: perhaps its kubelet does not run, or cannot reach the API server.',
    command: shell`kubectl get node ${node} -o wide`,
  })
}

/** Volumes, the sandbox and a pull take seconds; a large image takes some minutes. */
const LONGEST_TURN = 10 * 60_000

/**
 * True if a container waits for longer than volumes, sandbox and images take, and neither another
 * container nor an Event shows why. During a pull the kubelet reports the same reasons as before
 * the pull (pkg/kubelet/kubelet_pods.go, convertToAPIContainerStatuses). The kubelet starts the
 * containers one after the other, so the wait is measured from the last start or end of another
 * container. An added container waits since it was added, and no init container blocks it.
 */
function isOverdue(pod: PodFacts, { added, addedAt }: ContainerFacts, now: number): boolean {
  const { createdAt = now, scheduledAt = createdAt, containers, hasSandbox, sandboxTrouble, lastWarning } = pod
  const isBlocked = !added && containers.some(({ blocks, waiting }) => blocks && !isBefore(waiting ?? ''))
  const isTold = !hasSandbox && (sandboxTrouble ?? lastWarning) !== undefined
  const begin = added ? (addedAt ?? now) : scheduledAt
  const since = Math.max(begin, ...containers.flatMap((one) => one.since ?? []))
  return !isBlocked && !isTold && now - since > LONGEST_TURN
}

const isBefore = (waiting: string): boolean => meaningOf(waiting) === 'before'

function judgeFailed(pod: PodFacts, container: ContainerFacts, { now }: Observed, steps: readonly Step[]): Outcome {
  const last = steps.at(-1)
  if (last?.state === 'wrong') return { state: 'cannot', detail: last.detail, verdict: last.verdict }
  const { quote } = explainPull(container, now)
  return describeUnclear(`${last?.detail ?? 'nothing is known about this pull'}`, {
    fix: 'Wait for the next try, at most five minutes, and run doctor again; or query the registry itself.',
    command: shell`acr-nopass doctor pod ${pod.namespace}/${pod.name} --ask-registry`,
    quote,
  })
}

function describeTurn({ sandboxTrouble, lastWarning }: PodFacts, waiting: string): string {
  if (sandboxTrouble !== undefined) return "the Pod's sandbox"
  return lastWarning === undefined
    ? `its turn (${waiting})`
    : `its turn (${waiting}); the last warning is ${lastWarning}`
}

function waits(what: string): Outcome {
  return { state: 'waits', detail: `waits for ${what}` }
}

function describeUnclear(
  detail: string,
  {
    fix,
    command,
    quote = '',
  }: { readonly fix: string; readonly command: ShellCommand | undefined; readonly quote?: string },
): Outcome {
  const cause = `${detail.slice(0, 1).toUpperCase()}${detail.slice(1)}.${quote}`
  return { state: 'unknown', detail, verdict: { id: 'POD_UNKNOWN', severity: 'warning', cause, fix, command } }
}
