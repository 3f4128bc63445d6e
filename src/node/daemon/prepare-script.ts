import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { sha256 } from '../../lib/text.ts'
import { VERSION } from '../../version.ts'
import { toNodeConfig } from '../node-config.ts'
import { credentialProviderConfig } from '../provider-config.ts'
import { NODE_CONFIG } from '../script/plan-node.ts'
import { PROVIDER } from '../script/profiles.ts'
import { HEALTH_URLS, renderScript } from '../script/render-script.ts'
import type { DaemonSettings } from './read-settings.ts'
import { type ImageFiles, stagePrograms } from './stage-programs.ts'

export interface ScriptRequest {
  readonly settings: DaemonSettings
  readonly image: ImageFiles
  /** The text of node/install.sh. */
  readonly body: string
  /** An empty folder of this container. */
  readonly folder: string
  /** Where the host sees this container's root folder. */
  readonly seenAt: string
  /** Node's name of the architecture. */
  readonly arch: string
  /** Where the kubelet answers. Empty for the usual addresses. */
  readonly healthUrls: readonly string[]
  /** A change is undone if the kubelet is not healthy by then. */
  readonly healthSeconds: number
}

export interface PreparedScript {
  /** The script, as the host sees it. */
  readonly script: string
  /** The hash of what the script installs or removes. */
  readonly hash: string
}

/**
 * Writes the script that `acr-nopass node script` prints, with the image's files in place of an
 * archive.
 * @throws NODE_NO_REGISTRY, NODE_PROVIDER_MISSING, VALUES_NODE_UNBOUNDED
 */
export async function prepareScript(request: ScriptRequest): Promise<PreparedScript> {
  const { settings, image, body, folder, seenAt, arch, healthUrls, healthSeconds } = request
  const { values, profile, remove } = settings
  const json = (data: object): string => `${JSON.stringify(data, null, 2)}\n`
  // The registries may be gone when everything is removed.
  const provider = remove ? '' : json(credentialProviderConfig(values, { program: PROVIDER, config: NODE_CONFIG }))
  const node = remove ? '' : json(toNodeConfig(values))
  const programs = join(folder, 'programs')
  const sum = await stagePrograms(image, programs)
  const script = renderScript({
    profile,
    version: VERSION,
    archives: { [arch === 'arm64' ? 'arm64' : 'amd64']: { url: `${seenAt}${programs}`, sha256: sum } },
    provider,
    node,
    healthUrls: healthUrls.length > 0 ? healthUrls : HEALTH_URLS,
    healthSeconds,
    restart: undefined,
    body,
  })
  const file = join(folder, 'install.sh')
  writeFileSync(file, script)
  return { script: `${seenAt}${file}`, hash: sha256(JSON.stringify([profile, remove, provider, node, sum])) }
}
