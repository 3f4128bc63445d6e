import { credentialProviderConfig } from '../../node/provider-config.ts'
import { NODE_CONFIG } from '../../node/script/plan-node.ts'
import { PROVIDER } from '../../node/script/profiles.ts'
import { type CliHost, type CommonFlags, EXIT } from '../program/cli-host.ts'
import { loadNodeValues, type NodeValuesFlags } from './load-node-values.ts'

/** Prints the kubelet's configuration. It is JSON, which is also YAML. */
export async function nodeConfig(flags: NodeValuesFlags & CommonFlags, host: CliHost): Promise<number> {
  const values = loadNodeValues(flags, host)
  if (typeof values === 'number') return values
  const config = credentialProviderConfig(values, { program: PROVIDER, config: NODE_CONFIG })
  host.stdout.write(`${JSON.stringify(config, null, 2)}\n`)
  return EXIT.ok
}
