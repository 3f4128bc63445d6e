import type { Finding } from '../../doctor/finding.ts'
import { shellWord } from '../../lib/text.ts'
import { type ConnectFlags, contextOf } from '../program/command.ts'

/** Each program's names of the two flags that select a cluster. */
const CONTEXT: Readonly<Record<string, string>> = {
  kubectl: '--context',
  helm: '--kube-context',
  'acr-nopass': '--kube-context',
}
/** Our commands that connect to a cluster. */
const REACHING = /^acr-nopass (doctor|refresh|cleanup|apply)\b/

/**
 * Adds the flags of the checked cluster to the commands of findings, and the name that the user calls our program by. `release`
 * is set if the cluster has several, because `refresh` needs one.
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
  // Ours accepts flags only after the command.
  return (name === 'acr-nopass' ? [called, ...words, ...aimed] : [called, ...aimed, ...words]).join(' ')
}
