import { isDeepStrictEqual } from 'node:util'
import { NopassError } from '../../errors.ts'
import { parseJson } from '../../lib/json.ts'
import type { Helm } from '../find-helm.ts'
import { dryRunArguments, type ReleaseTarget, templateArguments, type UpgradeOptions } from '../helm-flags.ts'
import { readHelmError } from '../read-helm-error.ts'
import { runProgram } from '../run-helm.ts'
import { type ManifestObject, parseManifest } from './manifest.ts'
import { parseRelease, type ReleaseContent } from './release-record.ts'

/** Renders what `helm upgrade --install` would create now, against the live API server. */
export async function renderRelease(
  helm: Helm,
  target: ReleaseTarget,
  options: UpgradeOptions,
  signal?: AbortSignal,
): Promise<ReleaseContent> {
  const text = await readFromHelm(helm, dryRunArguments(helm.version, target, options), signal)
  // The error quotes nothing of the output, which may hold values and Secrets.
  const problem = () => new NopassError('HELM_FAILED', 'the dry run of helm upgrade did not write JSON')
  return parseRelease(parseJson(text, problem))
}

/**
 * Renders without connecting to the cluster. Only for a chart that uses nothing of the cluster but
 * its version, and has no hooks.
 */
export async function templateRelease(
  helm: Helm,
  target: ReleaseTarget,
  options: UpgradeOptions,
  known: Pick<ReleaseContent, 'chart' | 'values'> & { readonly version: string; readonly installed: boolean },
  signal?: AbortSignal,
): Promise<ReleaseContent> {
  const text = await readFromHelm(helm, templateArguments(target, options, known), signal)
  return { chart: known.chart, values: known.values, objects: parseManifest(text), hooks: [] }
}

/**
 * Returns the standard output of a short helm call that reads. Never print it, because it may hold
 * values and Secrets.
 * @throws NopassError with one of the `HELM_…` codes
 */
async function readFromHelm(helm: Helm, args: readonly string[], signal?: AbortSignal): Promise<string> {
  const output = await runProgram(helm.path, args, helm.environment, { signal })
  if (output.exitCode !== 0) throw readHelmError(output.stderr, args[0] ?? 'helm')
  return output.stdout
}

/** True if a new revision would equal the deployed one. */
export function isSameRelease(deployed: ReleaseContent, desired: ReleaseContent): boolean {
  return (
    deployed.chart === desired.chart &&
    isDeepStrictEqual(deployed.values, desired.values) &&
    hasSameObjects(deployed.objects, desired.objects) &&
    hasSameObjects(deployed.hooks, desired.hooks)
  )
}

/**
 * True if helm recorded the objects that were rendered. Only the parsed objects are compared,
 * because values and names may be written in more than one way.
 */
export function hasSameObjects(recorded: readonly ManifestObject[], rendered: readonly ManifestObject[]): boolean {
  return isDeepStrictEqual(
    recorded.map(({ body }) => body),
    rendered.map(({ body }) => body),
  )
}
