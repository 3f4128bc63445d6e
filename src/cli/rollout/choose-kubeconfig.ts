import { delimiter, join } from 'node:path'
import { NopassError } from '../../errors.ts'
import type { InputName } from '../../rollout/inputs/input-table.ts'
import { requireContext } from '../connect.ts'
import type { CliHost } from '../program/host.ts'
import type { RolloutMode } from './as-flags.ts'

type Given = Readonly<Partial<Record<InputName, string>>>

/**
 * The engine never uses the ambient kubeconfig. Here it is used if the user names one of its contexts or runs a kubectl plugin;
 * a command that writes never uses the current one of several contexts.
 * @throws NopassError `INPUT_MISSING`, `INPUT_INVALID`
 */
export async function chooseKubeconfig(mode: RolloutMode, given: Given, host: CliHost): Promise<Given> {
  const { kubeconfig, 'kube-context': context } = given
  if (kubeconfig?.includes('\n')) {
    throw new NopassError('INPUT_INVALID', '--kubeconfig takes a file here: a secret has no place on a command line')
  }
  if (given.clusters || given['clusters-file'] || given['ack-cluster-id']) return given
  const isMeant = context !== undefined || host.program.startsWith('kubectl ')
  const file = kubeconfig ?? (isMeant ? ambientFile(host.env) : undefined)
  if (file === undefined) return given
  if (mode !== 'plan')
    await requireContext({ kubeconfig: file, ...(context === undefined ? {} : { kubeContext: context }) })
  return { ...given, kubeconfig: file }
}

/** As kubectl finds it; Helm needs a single file. */
function ambientFile(env: NodeJS.ProcessEnv): string {
  const files = (env.KUBECONFIG ?? '').split(delimiter).filter(Boolean)
  if (files.length > 1) {
    throw new NopassError('INPUT_MISSING', 'KUBECONFIG names several files', { hint: 'Name one with --kubeconfig.' })
  }
  return files[0] ?? join(env.HOME ?? '', '.kube', 'config')
}
