import { resolve, type Schema } from '../../src/values/schema/schema.ts'
import { describeExpected, flowYaml } from '../../src/values/schema/show-value.ts'

const INTRO = `# Values

<!-- Generated from schemas/values.schema.json by scripts/generate-values.ts. Do not edit. -->

Every key of the chart, in the order in which you are likely to need them. Only [\`registries\`](#registries) and
[\`identity\`](#identity) have to be set; the others have the defaults that stand here. For completion and checks while
you type, put this line at the top of a values file (with the path or address of your copy of the schema):

\`\`\`yaml
# yaml-language-server: $schema=schemas/values.schema.json
\`\`\`

## What is checked

\`acr-nopass validate -f values.yaml\` (and the action, before anything else) reports every error of all files at once, each
with its file, line and column, and the cure. The code of an error says which check refused:

| codes | check | against Helm |
| --- | --- | --- |
| \`YAML_*\` | reading: what YAML 1.1, YAML 1.2 and Helm would read differently is refused, so are duplicate keys, several documents, tags | stricter, never looser |
| \`SCHEMA_*\` | the schema below, over the merged values | the same verdict as Helm 3.18 and newer, and Helm 4 |
| \`VALUES_*\` | what a schema cannot say: regions, domains that two registries claim, targets that fit nothing, values without effect, secrets in values | beyond Helm |

Files are merged as Helm merges them: maps are merged, lists are replaced as a whole, \`null\` takes a default away.
`

/** The reference of all values, as Markdown. */
export function generateValuesDocs(root: Schema): string {
  const keys = Object.entries(root.properties ?? {})
  const index = keys.map(
    ([key, schema]) => `| [\`${key}\`](#${key.toLowerCase()}) | ${cell(resolve(schema, root).title)} |`,
  )
  const sections = keys.map(([key, schema]) => section(key, schema, root, root.required?.includes(key) ?? false))
  return [INTRO, '## All keys\n', '| key | what |', '| --- | --- |', ...index, '', ...sections].join('\n')
}

function section(key: string, schema: Schema, root: Schema, isRequired: boolean): string {
  const full = resolve(schema, root)
  const rows = leaves(key, schema, root, isRequired)
  return [
    `## ${key}\n`,
    `${full.title}. ${full.description ?? ''}\n`,
    '| key | type | default | meaning | example |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
    '',
  ].join('\n')
}

function leaves(path: string, schema: Schema, root: Schema, isRequired: boolean): string[] {
  const full = resolve(schema, root)
  const own = row(path, full, root, isRequired)
  // A label selector is one value that Kubernetes users know.
  if (path.endsWith('elector')) return [own]
  const item = full.items === undefined ? undefined : resolve(full.items, root)
  const nested = Object.entries(full.properties ?? item?.properties ?? {})
  const prefix = item?.properties === undefined ? path : `${path}[]`
  const required = full.required ?? item?.required ?? []
  return [own, ...nested.flatMap(([key, inner]) => leaves(`${prefix}.${key}`, inner, root, required.includes(key)))]
}

function row(path: string, full: Schema, root: Schema, isRequired: boolean): string {
  const { title = '', description = '' } = full
  const fallback = full.default === undefined ? (isRequired ? '**required**' : '') : code(flowYaml(full.default))
  const example = full.examples?.[0] === undefined ? '' : code(flowYaml(full.examples[0]))
  return `| ${code(path)} | ${cell(typeName(full, root))} | ${fallback} | ${cell(`${title}. ${description}`)} | ${example} |`
}

function typeName(full: Schema, root: Schema): string {
  if (full.enum !== undefined) return full.enum.map((value) => `\`${String(value)}\``).join(', ')
  if (full.type === 'object') return 'map'
  if (full.type === 'array') return full.items === undefined ? 'list' : `list of ${plural(full.items, root)}`
  return describeExpected(full, root)
}

function plural(items: Schema, root: Schema): string {
  const item = resolve(items, root)
  return item.type === 'object' ? 'maps' : item.type === 'string' ? 'texts' : 'values'
}

function code(text: string): string {
  return text.includes('`') ? text : `\`${text.replaceAll('|', '\\|').replaceAll('\n', ' ')}\``
}

function cell(text: string | undefined): string {
  return (text ?? '').replaceAll('|', '\\|').replaceAll('\n', ' ').trim()
}
