import { isDeepStrictEqual } from 'node:util'
import { isRecord } from '../../lib/json.ts'
import {
  dryRunArguments,
  hooksArguments,
  manifestArguments,
  type ReleaseTarget,
  templateArguments,
  type UpgradeOptions,
  valuesArguments,
} from '../helm-flags.ts'
import type { Helm } from '../obtain/find-helm.ts'
import { parseHelmJson, readFromHelm } from '../run-helm.ts'
import { parseHooks, parseManifest } from './manifest.ts'
import { describeRelease, type ReleaseContent } from './release-record.ts'
import { readMetadata } from './release-state.ts'

/** What `helm upgrade --install` would make now, rendered against the live API server. */
export async function renderRelease(
  helm: Helm,
  target: ReleaseTarget,
  options: UpgradeOptions,
): Promise<ReleaseContent> {
  return describeRelease(
    parseHelmJson(await readFromHelm(helm, dryRunArguments(helm.version, target, options)), 'upgrade --dry-run'),
  )
}

/** The same, without asking the cluster: for a chart that is known to look at nothing there but its version, and to have no hooks. */
export async function templateRelease(
  helm: Helm,
  target: ReleaseTarget,
  options: UpgradeOptions,
  known: Pick<ReleaseContent, 'chart' | 'values'> & { readonly version: string; readonly installed: boolean },
): Promise<ReleaseContent> {
  const text = await readFromHelm(helm, templateArguments(target, options, known))
  return { chart: known.chart, values: known.values, objects: parseManifest(text), hooks: [] }
}

/** What the newest revision of the release is made of. */
export async function readRelease(helm: Helm, target: ReleaseTarget): Promise<ReleaseContent> {
  const [metadata, values, manifest, hooks] = await Promise.all([
    readMetadata(helm, target),
    readFromHelm(helm, valuesArguments(target)),
    readFromHelm(helm, manifestArguments(target)),
    readFromHelm(helm, hooksArguments(target)),
  ])
  const parsed = parseHelmJson(values, 'get values')
  return {
    chart: `${metadata.chart}-${metadata.version}`,
    values: isRecord(parsed) ? parsed : {},
    objects: parseManifest(manifest),
    hooks: parseHooks([hooks]),
  }
}

/** Whether a new revision would be the same as the deployed one. */
export function isSameRelease(deployed: ReleaseContent, wanted: ReleaseContent): boolean {
  return (
    deployed.chart === wanted.chart &&
    isDeepStrictEqual(deployed.values, wanted.values) &&
    isDeepStrictEqual(
      deployed.objects.map(({ body }) => body),
      wanted.objects.map(({ body }) => body),
    ) &&
    isDeepStrictEqual(
      deployed.hooks.map(({ body }) => body),
      wanted.hooks.map(({ body }) => body),
    )
  )
}
