import type { Finding } from '../../doctor/finding.ts'
import type { Observed, PodFacts, PodFocus } from '../../doctor/observed.ts'
import { createPodContext } from '../../doctor/pod/pod-context.ts'
import { judgeContainer } from '../../doctor/pod/pull-outcome.ts'
import { printable } from '../../printable.ts'
import type { CliPaint } from '../program/terminal.ts'
import { describeCommon, renderReport } from './report.ts'

/** Describes one Pod for `-o json`. Fields may be added, but never change their meaning. */
export function describePodReport(observed: Observed, findings: readonly Finding[]): object {
  const { focus } = observed
  return {
    ...describeCommon(observed, findings),
    pod: focus && {
      namespace: focus.pod.namespace,
      name: focus.pod.name,
      serviceAccount: focus.pod.serviceAccount,
      imagePullSecrets: focus.pod.references,
      node: describeNode(focus),
      containers: describeContainers(observed, focus.pod),
    },
    findings,
    unread: observed.unread,
  }
}

/**
 * Renders the report about one Pod: the steps of a pull up to the first failed step, then the
 * findings.
 */
export function renderPodReport(observed: Observed, findings: readonly Finding[], paint: CliPaint): string {
  const pod = observed.focus?.pod
  const containers = pod ? describeContainers(observed, pod).map((report) => renderContainer(pod, report, paint)) : []
  return renderReport(observed, findings, paint, containers)
}

function describeNode({ node, pod }: PodFocus): object | null {
  if (node)
    return { name: node.name, kubelet: node.version, platform: node.platform, cachePolicy: node.cachePolicy ?? null }
  return pod.node === undefined ? null : { name: pod.node }
}

function describeContainers(observed: Observed, pod: PodFacts) {
  const context = createPodContext(observed)
  return pod.containers.map((container) => {
    const { outcome, steps } = judgeContainer(pod, container, observed, context)
    return {
      name: container.name,
      image: container.image,
      running: container.running ?? false,
      waiting: container.waiting ?? null,
      pull: outcome.state,
      steps: steps.map(({ step, state, detail }) => ({ step, state, detail })),
    }
  })
}

function renderContainer(
  pod: PodFacts,
  report: ReturnType<typeof describeContainers>[number],
  paint: CliPaint,
): string {
  const colour = { ok: paint.green, wrong: paint.red, unknown: paint.dim }
  const mark = { ok: 'ok   ', wrong: 'wrong', unknown: '?    ' }
  const width = Math.max(0, ...report.steps.map(({ step }) => step.length))
  const lines = report.steps.map(
    ({ step, state, detail }) => `  ${colour[state](mark[state])} ${step.padEnd(width)}  ${printable(detail)}`,
  )
  const container = printable(`${report.name}: ${report.image}`)
  return [`${paint.bold(printable(`Pod ${pod.namespace}/${pod.name}`))}, ${container}`, ...lines].join('\n')
}
