import { NopassError } from '../../errors.ts'
import { checkSessionPolicies } from '../../policy/check-session-policies.ts'
import type { ResolvedValues } from '../../values/generated/resolved-values.ts'
import { loadValues } from '../../values/load-values.ts'
import { ValuesError } from '../../values/values-error.ts'
import { formatPath } from '../../values/yaml/yaml-node.ts'
import { findUncovered } from './check-verify-image.ts'
import type { Inputs } from './input-table.ts'
import type { ClusterSettings, Settings } from './settings.ts'

export type RamMode = 'worker-role' | 'rrsa' | 'none'

/** A cluster whose values are merged and valid. */
export interface PreparedCluster {
  readonly name: string
  readonly wave: number
  readonly settings: ClusterSettings
  /**
   * Undefined for a chart that is not acr-nopass's, because only that chart's own schema can check
   * its values.
   */
  readonly values: ResolvedValues | undefined
  readonly ram: RamMode
  readonly warnings: readonly NopassError[]
}

/**
 * Merges and checks the values of every selected cluster, offline. Returns every error and warning.
 * Equal errors at one place of a shared file are returned once.
 * @param rrsa `later` if the ARNs of `identity.rrsa` will only be created from the printed
 * documents, so no cluster needs them yet
 */
export function prepareClusters(settings: Settings, rrsa: 'now' | 'later' = 'now') {
  const clusters: PreparedCluster[] = []
  const errors: NopassError[] = []
  const warnings: NopassError[] = []
  for (const cluster of settings.selected) {
    try {
      const prepared = prepareCluster(cluster, settings, rrsa)
      warnings.push(...prepared.warnings)
      if ('errors' in prepared) errors.push(...prepared.errors)
      else clusters.push(prepared)
    } catch (error) {
      if (!(error instanceof NopassError)) throw error
      errors.push(error)
    }
  }
  return { clusters, errors: uniqueErrors(errors), warnings: uniqueErrors(warnings) }
}

interface Refused {
  readonly errors: readonly NopassError[]
  readonly warnings: readonly NopassError[]
}

/** @returns the errors of invalid values */
function prepareCluster(
  cluster: ClusterSettings,
  { chart, inputs }: Settings,
  rrsa: 'now' | 'later',
): PreparedCluster | Refused {
  const { name, wave } = cluster
  if (!chart.ours) {
    if (inputs.ram !== 'none' && inputs.ram !== 'auto') {
      throw new NopassError(
        'INPUT_CONFLICT',
        `ram: ${inputs.ram} needs the values of our own chart, but ${chart.reference} is a different chart`,
      )
    }
    return { name, wave, settings: cluster, values: undefined, ram: 'none', warnings: [] }
  }
  const loaded = loadValues({
    files: cluster.layers.map(({ source }) => source),
    defaults: chart.defaults,
    rrsaComesLater: rrsa === 'later' || cluster.access.kind === 'ack' || isForNoCluster(inputs),
  })
  const { values } = loaded
  const long = values && checkSessionPolicies(values, loaded.positionOf)
  const errors = [...loaded.errors, ...(long?.errors ?? [])]
  const warnings = [...loaded.warnings, ...(long?.warnings ?? [])]
  if (inputs.mode === 'uninstall' && (inputs.ram === 'none' || !inputs['ram-cleanup'])) {
    // An uninstall uses the values of the installed release. The values given here only name a pull
    // Secret that still exists after the release.
    const wrong = errors.filter(({ code }) => code !== 'SCHEMA_MISSING')
    if (wrong.length > 0) return { errors: wrong, warnings }
    return { name, wave, settings: cluster, values, ram: 'none', warnings }
  }
  if (!values && cluster.layers.length === 0 && chart.defaults === undefined) {
    throw new NopassError('INPUT_MISSING', 'no values are given', { hint: 'Name a values file with `values-files`.' })
  }
  if (!values || errors.length > 0) return { errors: errors.map((error) => withClusterName(error, name)), warnings }
  const uncovered = findUncovered(inputs, values, name)
  if (uncovered !== undefined) return { errors: [uncovered], warnings }
  return { name, wave, settings: cluster, values, ram: ramMode(inputs, values.identity.type, cluster), warnings }
}

/**
 * Adds the cluster's name to the error. The ARNs are computed only for some clusters. So a missing
 * key in a shared file may be an error for one cluster only.
 */
function withClusterName(error: ValuesError, cluster: string): ValuesError {
  const isRrsa = error.code === 'SCHEMA_MISSING' && /^identity\.rrsa(\.|$)/.test(formatPath(error.path))
  if (!isRrsa) return error
  const { file, line, column } = error.place
  const at = file === undefined || line === undefined || column === undefined ? undefined : { file, line, column }
  const { path, expected, hint } = error
  return new ValuesError(error.code, `cluster ${cluster}: ${error.message}`, { at, path, expected, hint })
}

/**
 * True if values are validated without a cluster. They may be for an ACK cluster, whose ARNs are
 * computed.
 */
function isForNoCluster({ mode, clusters, kubeconfig, ...inputs }: Inputs): boolean {
  const named = [clusters, inputs['clusters-file'], kubeconfig, inputs['kube-context']]
  return mode === 'validate' && named.every((text) => text === '')
}

/**
 * Returns the kind of identity whose RAM policy is applied. Only ACK lists an issuer and its OIDC
 * provider. For other clusters, the values name a role that the user made.
 * @throws RAM_MODE_CONFLICT
 */
function ramMode(
  inputs: Inputs,
  identity: ResolvedValues['identity']['type'],
  { name, access }: ClusterSettings,
): RamMode {
  const { ram } = inputs
  if (ram === 'none') return 'none'
  if (ram === 'auto' && identity === 'rrsa' && access.kind !== 'ack' && !isForNoCluster(inputs)) return 'none'
  const desired = identity === 'access-key' ? 'none' : identity
  if (ram === 'auto' || ram === desired) return desired
  throw new NopassError('RAM_MODE_CONFLICT', `ram is ${ram}, but identity.type of the values is ${identity}`, {
    place: { cluster: name },
  })
}

/** Removes errors that only repeat a place in a shared file for another cluster. */
export function uniqueErrors(errors: readonly NopassError[]): readonly NopassError[] {
  const keyOf = ({ code, message, place: { file, line, column, cluster } }: NopassError): string =>
    [code, message, file, line, column, file === undefined ? cluster : ''].join('|')
  return [...new Map(errors.map((error) => [keyOf(error), error])).values()]
}
