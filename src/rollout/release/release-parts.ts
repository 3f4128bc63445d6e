import type { ManifestObject } from '../../helm/release/manifest.ts'
import type { ReleaseParts } from '../../installation/release-watch.ts'
import { isRecord } from '../../lib/json.ts'
import { orElse } from '../../lib/or-else.ts'
import { sha256 } from '../../lib/text.ts'
import { parseYaml } from '../../lib/yaml.ts'
import type { HelperConfig } from '../../values/generated/helper-config.ts'

/** The key of the chart's ConfigMap that holds the helper's configuration. */
const CONFIG_KEY = 'config.yaml'

/** The helper's configuration as the chart rendered it, with the keys that the rollout needs. */
export interface RenderedConfig {
  readonly text: string
  readonly secretName: string
  /** The names of the registries. */
  readonly registries: readonly string[]
  /** The names of the registries with `limit: repositories`. */
  readonly limited: readonly string[]
  readonly retire: boolean
  /** False with `helper.enabled: false`: the release has no helper. */
  readonly hasHelper: boolean
  /** The listed namespaces with `scope: namespaces`. Undefined for the whole cluster. */
  readonly namespaces: readonly string[] | undefined
  readonly release: HelperConfig['release']
}

/** Finds the helper's configuration in a manifest. Undefined if the chart is not acr-nopass's. */
export function findConfig(objects: readonly ManifestObject[]): RenderedConfig | undefined {
  for (const { kind, body } of objects) {
    const text = kind === 'ConfigMap' && isRecord(body.data) ? body.data[CONFIG_KEY] : undefined
    // Another chart's ConfigMap may have any text under that key.
    const config =
      typeof text === 'string' ? orElse(() => parseYaml(text) as Partial<HelperConfig>, undefined) : undefined
    if (typeof text === 'string' && isRecord(config?.release)) {
      return {
        text,
        secretName: String(config.secretName),
        registries: namesOf(config.registries),
        limited: namesOf(config.registries, ({ limit }) => limit === 'repositories'),
        retire: config.retire === true,
        hasHelper: config.helper?.enabled !== false,
        namespaces: config.scope === 'namespaces' ? (config.targets?.namespaces?.include ?? []) : undefined,
        release: config.release,
      }
    }
  }
  return undefined
}

function namesOf(
  list: unknown,
  includes: (registry: Readonly<Record<string, unknown>>) => boolean = () => true,
): readonly string[] {
  if (!Array.isArray(list)) return []
  return list.flatMap((one) => (isRecord(one) && typeof one.name === 'string' && includes(one) ? [one.name] : []))
}

/**
 * Returns the Secret name of an installed configuration. Undefined if there is none, or the text is
 * not YAML.
 */
export function readSecretName(text: string): string | undefined {
  const config: unknown = orElse(() => parseYaml(text), undefined)
  return isRecord(config) && typeof config.secretName === 'string' ? config.secretName : undefined
}

/** Returns where the Pods and the status ConfigMap of the release will be. */
export function findParts(objects: readonly ManifestObject[], namespace: string): ReleaseParts {
  const config = findConfig(objects)
  const hasHelper = config?.hasHelper !== false
  // Without a helper, a Deployment in `extraObjects` would be the only one.
  const deployment = hasHelper ? objects.find(({ kind }) => kind === 'Deployment') : undefined
  const { spec } = (deployment?.body ?? {}) as { spec?: { selector?: { matchLabels?: ReleaseParts['selector'] } } }
  return {
    namespace,
    deployment: deployment?.name,
    // `?? undefined`, because the value in YAML may be null.
    selector: spec?.selector?.matchLabels ?? undefined,
    statusConfigMap: hasHelper ? config?.release.status : undefined,
    // The same hash that the helper computes from its configuration file.
    configHash: config && sha256(config.text),
  }
}
