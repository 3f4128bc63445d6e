import { packNode } from '../../src/values/packed-node.ts'
import { readYaml } from '../../src/values/yaml/read-yaml.ts'

/** The chart's values.yaml with what is read from it, so that nobody has to read it at every start. */
export function generateChartDefaults(text: string): string {
  const { root, errors } = readYaml({ name: 'chart/values.yaml', text }, 'chart')
  if (root === undefined || errors.length > 0) throw new Error(`chart/values.yaml: ${errors.map(String).join('; ')}`)
  return [
    '// Generated from chart/values.yaml by scripts/generate-values.ts. Do not edit.',
    "import type { PackedNode } from './packed-node.ts'",
    '',
    '/** The file as it was read. */',
    `export const TEXT = ${JSON.stringify(text)}`,
    '',
    `const PACKED = ${JSON.stringify(JSON.stringify(packNode(root)))}`,
    '',
    '/** What it holds. */',
    'export const readPacked = (): PackedNode => JSON.parse(PACKED) as PackedNode',
    '',
  ].join('\n')
}
