import type { Finding } from '../../doctor/finding.ts'
import { shellWord } from '../../lib/shell-word.ts'
import { type ConnectFlags, contextOf } from '../program/connect-flags.ts'

/** How each program spells the two flags by which a cluster is chosen. */
const CONTEXT: Readonly<Record<string, string>> = {
  kubectl: '--context',
  helm: '--kube-context',
  'acr-nopass': '--kube-context',
}
/** Those of our commands that reach a cluster. */
const REACHING = /^acr-nopass (doctor|refresh|cleanup|apply)\b/

/**
 * Makes the commands of findings go to the cluster that was looked at, and ours be called as the user called us. `release` is
 * given where the cluster has several: `refresh` refuses to choose one.
 */
export function aimCommands(
  findings: readonly Finding[],
  flags: ConnectFlags,
  program: string,
  release?: { readonly namespace: string; readonly name: string },
): readonly Finding[] {
  const named = (part: string): string =>
    release === undefined || part !== 'acr-nopass refresh'
      ? part
      : `${part} --namespace ${release.namespace} --release ${release.name}`
  return findings.map((finding) => {
    if (finding.command === undefined) return finding
    const parts = finding.command.split(/( \| | && )/)
    return { ...finding, command: parts.map((part) => aim(named(part), flags, program)).join('') }
  })
}

function aim(part: string, flags: ConnectFlags, program: string): string {
  const { kubeconfig } = flags
  const named = contextOf(flags)
  const [name = '', ...words] = part.split(' ')
  const context = CONTEXT[name]
  const called = name === 'acr-nopass' ? program : name
  if (context === undefined || (name === 'acr-nopass' && !REACHING.test(part))) return [called, ...words].join(' ')
  const aimed = [
    ...(kubeconfig === undefined ? [] : ['--kubeconfig', shellWord(kubeconfig)]),
    ...(named === undefined ? [] : [context, shellWord(named)]),
  ]
  // Ours takes flags after the command only.
  return (name === 'acr-nopass' ? [called, ...words, ...aimed] : [called, ...aimed, ...words]).join(' ')
}
