import { pluralize, summarize } from '../../lib/text.ts'
import type { Finding } from '../finding.ts'

/** A finding of doctor, or of a check of the fleet. */
type Shown = Omit<Finding, 'id' | 'causedBy'> & { readonly id: string; readonly causedBy?: string }

/** Fewer findings, and findings about fewer Pods, are shown one by one. */
const FROM = 4

/**
 * Combines findings about Pods that have the same fix, for readers: a cluster with a thousand
 * namespaces may have one such finding in each. The combined finding counts the Pods, names the
 * first namespaces, and has the place, the cause and the command of the first finding. JSON keeps
 * every finding. Pure.
 */
export function foldPodFindings<One extends Shown>(findings: readonly One[]): readonly One[] {
  const groups = [...Map.groupBy(findings, groupOf).values()]
  // Once for each group, as a group may have thousands of findings.
  const shown = new Map(
    groups.flatMap((group) => {
      const [first] = group
      const pods = objectsOf(group)
      const isFolded = first !== undefined && group.length >= FROM && pods.length >= FROM
      return isFolded ? [[first, fold(first, group, pods)] as const] : group.map((one) => [one, one] as const)
    }),
  )
  return findings.flatMap((finding) => shown.get(finding) ?? [])
}

/** Returns the same text for findings about Pods that can be combined. */
function groupOf(finding: Shown): unknown {
  const { id, severity, health, causedBy, fix } = finding
  // A finding about a sandbox is about a node.
  const isAboutPods = id.startsWith('POD_') && id !== 'POD_SANDBOX'
  return isAboutPods ? JSON.stringify([id, severity, health, causedBy, fix]) : finding
}

function objectsOf(group: readonly Shown[]): readonly string[] {
  return [...new Set(group.flatMap(({ objects = [] }) => objects))]
}

function fold<One extends Shown>(first: One, group: readonly One[], pods: readonly string[]): One {
  const namespaces = [...new Set(pods.map((pod) => pod.split('/')[0] ?? pod))]
  const causes = new Set(group.map(({ cause }) => cause)).size
  const commands = new Set(group.map(({ command }) => command)).size
  const which = causes === 1 ? 'first' : `first of ${causes} causes`
  return {
    ...first,
    subject: `${pluralize(pods.length, 'Pod')} in ${pluralize(namespaces.length, 'namespace')}`,
    message: `${which}: ${first.subject} ${first.message}; namespaces: ${summarize(namespaces)}`,
    cause: causes === 1 ? first.cause : `${first.cause} (the first of ${causes} causes)`,
    fix: commands === 1 ? first.fix : `${first.fix} The command is that of the first; the JSON has all ${commands}.`,
    objects: pods,
  }
}
