import type { Finding } from '../../doctor/finding.ts'
import { changeCalls, quoted, shell } from '../../lib/shell-command.ts'
import { type ConnectFlags, contextOf } from '../program/command.ts'

/** The names that each program has for the two flags that select a cluster. */
const CONTEXT: Readonly<Record<string, string>> = {
  kubectl: '--context',
  helm: '--kube-context',
  'acr-nopass': '--context',
}
/** Our commands that connect to a cluster. */
const REACHING = /^acr-nopass (doctor|refresh|cleanup|apply)\b/

/**
 * Adds the flags of the checked cluster to the commands of findings, and replaces our program's
 * name with the name that the user typed. `release` is set if `refresh` would not find the release
 * without its name.
 */
export function aimCommands<Shown extends Pick<Finding, 'command'>>(
  findings: readonly Shown[],
  flags: ConnectFlags,
  program: string,
  release?: { readonly namespace: string; readonly name: string },
): readonly Shown[] {
  const several =
    release && shell`acr-nopass refresh --namespace ${release.namespace} --release ${release.name}`?.split(' ')
  return findings.map((finding) => {
    if (finding.command === undefined) return finding
    const command = changeCalls(finding.command, (words) => {
      const isRefresh = words.length === 2 && words[0] === 'acr-nopass' && words[1] === 'refresh'
      return addClusterFlags(isRefresh && several !== undefined ? several : words, flags, program)
    })
    return { ...finding, command }
  })
}

function addClusterFlags(call: readonly string[], flags: ConnectFlags, program: string): readonly string[] | undefined {
  const { kubeconfig } = flags
  const named = contextOf(flags)
  const [name = '', ...words] = call
  const context = CONTEXT[name]
  const called = name === 'acr-nopass' ? program : name
  if (context === undefined || (name === 'acr-nopass' && !REACHING.test(call.join(' ')))) return [called, ...words]
  const aimed = [
    ...(kubeconfig === undefined ? [] : ['--kubeconfig', quoted(kubeconfig)?.text]),
    ...(named === undefined ? [] : [context, quoted(named)?.text]),
  ]
  if (!aimed.every((word) => word !== undefined)) return undefined
  // Our program accepts flags only after the command.
  return name === 'acr-nopass' ? [called, ...words, ...aimed] : [called, ...aimed, ...words]
}
