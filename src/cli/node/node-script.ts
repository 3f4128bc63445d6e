import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { NopassError } from '../../errors.ts'
import { toNodeConfig } from '../../node/node-config.ts'
import { credentialProviderConfig } from '../../node/provider-config.ts'
import { chooseArchives, type ReleasedSums } from '../../node/script/choose-archives.ts'
import { NODE_CONFIG } from '../../node/script/plan-node.ts'
import { PROVIDER, type ProfileName } from '../../node/script/profiles.ts'
import { HEALTH_URLS, renderScript } from '../../node/script/render-script.ts'
import { VERSION } from '../../version.ts'
import { type CliHost, type CommonFlags, EXIT } from '../program/cli-host.ts'
import { loadNodeValues, type NodeValuesFlags } from './load-node-values.ts'

export interface NodeScriptFlags extends NodeValuesFlags {
  readonly profile: ProfileName
  readonly url?: string
  readonly sha256?: readonly string[]
  readonly healthUrl?: string
  readonly healthSeconds: number
  readonly restart?: string
}

/** Prints the script for nodes. */
export async function nodeScript(flags: NodeScriptFlags & CommonFlags, host: CliHost): Promise<number> {
  const archives = chooseArchives({
    url: flags.url,
    sha256: flags.sha256,
    released: readReleased(host),
    version: VERSION,
  })
  checkLine('--restart', flags.restart)
  const values = loadNodeValues(flags, host)
  if (typeof values === 'number') return values
  const json = (data: object): string => `${JSON.stringify(data, null, 2)}\n`
  const script = renderScript({
    profile: flags.profile,
    version: VERSION,
    archives,
    provider: json(credentialProviderConfig(values, { program: PROVIDER, config: NODE_CONFIG })),
    node: json(toNodeConfig(values)),
    healthUrls: flags.healthUrl === undefined ? HEALTH_URLS : [checkUrl(flags.healthUrl)],
    healthSeconds: flags.healthSeconds,
    restart: flags.restart,
    body: readFileSync(join(host.root, 'node', 'install.sh'), 'utf8'),
  })
  host.stdout.write(script)
  return EXIT.ok
}

/** The checksums of the archives that were built with this package. A checkout has none. */
function readReleased({ root }: CliHost): ReleasedSums | undefined {
  try {
    return JSON.parse(readFileSync(join(root, 'node', 'archives.json'), 'utf8'))
  } catch {
    return undefined
  }
}

function checkUrl(text: string): string {
  if (/^https?:\/\/[\w.:[\]-]+(\/[\w./~-]*)?$/.test(text)) return text
  throw new NopassError('INPUT_INVALID', `--health-url is not an HTTP address: ${text}`, {
    hint: 'Pass an address such as http://127.0.0.1:10248/healthz.',
  })
}

function checkLine(flag: string, text = ''): void {
  if (!/[\p{Cc}]/u.test(text)) return
  throw new NopassError('INPUT_INVALID', `${flag} must be one line`, {
    hint: 'Put the commands into a file on the node.',
  })
}
