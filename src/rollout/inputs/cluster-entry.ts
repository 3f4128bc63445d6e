import { homedir } from 'node:os'
import { dirname, resolve } from 'node:path'
import { NopassError } from '../../errors.ts'
import type { ClusterEntry } from '../../values/generated/clusters.ts'
import type { Inputs } from './input-table.ts'
import { refuseName } from './read-inputs.ts'
import type { ClusterAccessSettings, ClusterSettings, ValuesLayer } from './settings.ts'

export interface ClusterEntryDeps {
  readonly environment: NodeJS.ProcessEnv
  readonly workingDirectory: string
}

/**
 * Turns the inputs for a single cluster into an entry of a list. In the mode `validate`, no cluster
 * has to be given.
 * @throws INPUT_INVALID, INPUT_MISSING
 */
export function singleCluster(inputs: Inputs): ClusterEntry {
  const name = inputs.name || inputs['ack-cluster-id'] || 'cluster'
  // The name becomes a part of file names and log lines.
  refuseName(inputs.name ? 'name' : 'ack-cluster-id', name, { what: 'cluster', longest: 63 })
  const base = {
    name,
    wave: 0,
    valuesFiles: [],
    coexist: inputs.coexist,
    ...(inputs['worker-roles'].length > 0 ? { workerRoles: [...inputs['worker-roles']] } : {}),
  }
  if (inputs['ack-cluster-id'] !== '') {
    if (inputs.region === '') {
      throw new NopassError('INPUT_MISSING', 'ack-cluster-id needs region', {
        hint: 'Set `region` to the region of the cluster, such as cn-hangzhou.',
      })
    }
    const ack = {
      clusterId: inputs['ack-cluster-id'],
      region: inputs.region,
      privateEndpoint: inputs['private-endpoint'],
    }
    return { ...base, ack }
  }
  if (inputs.kubeconfig === '' && inputs.mode !== 'validate') {
    throw new NopassError('INPUT_MISSING', 'no cluster is given', {
      hint: 'Set `clusters` or `clusters-file`, or `ack-cluster-id` and `region`, or `kubeconfig`. The ambient kubeconfig is never used.',
    })
  }
  const context = inputs['kube-context'] === '' ? {} : { context: inputs['kube-context'] }
  return { ...base, kubeconfig: { file: inputs.kubeconfig, ...context } }
}

/**
 * Merges an entry of the list with the inputs for all clusters. A cluster that the input `cluster`
 * excludes needs no kubeconfig from a variable. It is still described, because other clusters may
 * share a RAM role with it.
 * @throws KUBECONFIG_MISSING, KUBECONFIG_INVALID
 */
export function describeCluster(
  entry: ClusterEntry,
  layers: readonly ValuesLayer[],
  isSelected: boolean,
  inputs: Inputs,
  deps: ClusterEntryDeps,
): ClusterSettings {
  const { ack, kubeconfig, values, valuesFiles, ...own } = entry
  const { release, namespace } = inputs
  const oidcProviderArn = own.oidcProviderArn ?? sameAccount(own.deployRole, inputs['oidc-provider-arn'])
  const access = describeAccess(entry, isSelected, inputs, deps)
  return {
    release,
    namespace,
    workerRoles: [],
    expect: {},
    ...own,
    ...(oidcProviderArn && { oidcProviderArn }),
    access,
    layers,
  }
}

/**
 * Returns the folder in which the relative paths of the list start: the folder of the list's file,
 * as for a kubeconfig. If empty, the paths start in the working directory.
 */
export function folderOfList({ 'clusters-file': file }: Inputs): string {
  return file === '' || file === '-' ? '' : dirname(file)
}

function describeAccess(
  entry: ClusterEntry,
  isSelected: boolean,
  inputs: Inputs,
  deps: ClusterEntryDeps,
): ClusterAccessSettings {
  if (entry.ack) return { kind: 'ack', ...entry.ack }
  const { file = '', env, context } = entry.kubeconfig ?? {}
  if (env !== undefined) {
    const text = isSelected ? deps.environment[env] : ''
    if (text?.trim()) {
      if (isNoMap(text)) throw notAKubeconfig(`the variable ${env} holds no kubeconfig`, entry.name)
      return { kind: 'kubeconfig-text', text, from: env, context }
    }
    // The variable may be missing: `validate` connects to no cluster, and pull requests of forks
    // have no secrets.
    if (!isSelected || inputs.mode === 'validate') return { kind: 'kubeconfig-text', text: '', from: env, context }
    const state = text === undefined ? 'is not set' : 'is empty'
    throw new NopassError('KUBECONFIG_MISSING', `the variable ${env} ${state}`, { place: { cluster: entry.name } })
  }
  if (isKubeconfigText(file)) return { kind: 'kubeconfig-text', text: file, from: 'kubeconfig', context }
  if (file.length > PATH_LIMIT) {
    throw notAKubeconfig('`kubeconfig` is neither a kubeconfig nor the path of one', entry.name)
  }
  // No shell expands the path in a list of clusters or in a workflow.
  const path = file.startsWith('~/') ? resolve(deps.environment.HOME || homedir(), file.slice(2)) : file
  return { kind: 'kubeconfig-file', file: resolve(deps.workingDirectory, folderOfList(inputs), path), context }
}

/** True for a text such as a path or Base64. A kubeconfig is a map of keys, as YAML or JSON. */
function isNoMap(text: string): boolean {
  return !/:\s/.test(text) && !/^\s*\{/.test(text)
}

function notAKubeconfig(message: string, cluster: string): NopassError {
  return new NopassError('KUBECONFIG_INVALID', message, {
    hint: 'Give the YAML or JSON itself; decode a Base64 text first (`base64 -d`). The path of a file belongs to `kubeconfig: { file: … }`, or to the input `kubeconfig`.',
    place: { cluster },
  })
}

/** Longer than any path of a kubeconfig, and shorter than a kubeconfig in Base64. */
const PATH_LIMIT = 1024

function isKubeconfigText(text: string): boolean {
  if (/^\s*\{/.test(text)) return true
  return (
    text.includes('\n') && /^\s*(apiVersion|kind|clusters|contexts|users|current-context|preferences|\{)/m.test(text)
  )
}

/**
 * The job's own OIDC provider can be used for a deploy role only if role and provider are in the
 * same account.
 */
function sameAccount(deployRole: string | undefined, provider: string): string | undefined {
  if (deployRole === undefined || provider === '') return undefined
  return deployRole.split(':')[3] === provider.split(':')[3] ? provider : undefined
}
