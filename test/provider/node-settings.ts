import { NODE_CONFIG_VERSION, type NodeConfig, type NodeRegistry } from '../../src/node/node-config.ts'
import { registry } from '../acr/registry.ts'

/** An Enterprise registry of a node, with your difference. */
export function nodeRegistry(name: string, change: Partial<NodeRegistry> = {}): NodeRegistry {
  return { ...registry({ name, instanceId: `cri-${name}` }), repositories: ['*'], ...change }
}

/** The settings of a node that uses its own role, with your difference. */
export function nodeSettings(change: Partial<NodeConfig> = {}): NodeConfig {
  return {
    version: NODE_CONFIG_VERSION,
    identity: 'worker-role',
    fallback: 'none',
    useRrsaRole: false,
    region: '',
    network: 'auto',
    endpoints: {},
    registries: [],
    ...change,
  }
}
