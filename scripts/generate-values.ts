// Writes everything that is derived from schemas/ and from ACR's domains.
// `--check` writes nothing and fails if a file is not current.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ACR_DOMAINS } from '../src/acr/registry-domains.ts'
import type { Schema } from '../src/values/schema/schema.ts'
import { writeGenerated } from './generate-docs/write-generated.ts'
import { generateReferences } from './generate-values/docs.ts'
import { ADDED, helperConfigSchema, helperKeys, ROLLOUT_KEYS, readValues } from './generate-values/helper-config.ts'
import { assembleValues, KUBERNETES_TYPES } from './generate-values/kubernetes-types.ts'
import { generateHelperConfigType, generateTypes } from './generate-values/types.ts'
import { generateValidator, VALIDATOR_TYPES } from './generate-values/validators.ts'

const LISTS = 'schemas/chart-lists.json'
const root = join(import.meta.dirname, '..')
const readText = (path: string): string => readFileSync(join(root, path), 'utf8')
const readSchema = (path: string): Schema => JSON.parse(readText(path)) as Schema

async function generate(): Promise<Record<string, string>> {
  const kubernetes = readSchema(KUBERNETES_TYPES).definitions ?? {}
  const values = assembleValues(readSchema('schemas/values.schema.json'), kubernetes)
  const clusters = readSchema('schemas/clusters.schema.json')
  const fleetCheck = readSchema('schemas/fleet-check.schema.json')
  const helperConfig = helperConfigSchema(values)
  const seed = readSchema('sandbox/cloud/seed/seed.schema.json')
  return {
    'chart/templates/_acr-domains.tpl': template('acr-domains', 'src/acr/registry-domains.ts', ACR_DOMAINS),
    'chart/templates/_helper-keys.tpl': template(
      'helper-keys',
      'schemas/values.schema.json',
      JSON.stringify(helperKeys(values)),
    ),
    'chart/templates/_lists.tpl': template('lists', LISTS, JSON.stringify(JSON.parse(readText(LISTS)))),
    'chart/values.schema.json': valuesSchemaText(values),
    'schemas/helper-config.schema.json': `${JSON.stringify(helperConfig, null, 2)}\n`,
    ...generateReferences({ values, clusters, fleetCheck }, readText),
    'src/values/generated/resolved-values.ts': await generateTypes(readValues(values), {
      rootName: 'ResolvedValues',
      prefix: 'Resolved',
      resolved: true,
    }),
    'src/values/generated/kubernetes-version.ts': kubernetesVersion(readSchema(KUBERNETES_TYPES)),
    'src/values/generated/helper-config.ts': await generateHelperConfigType(ADDED, ROLLOUT_KEYS),
    'src/values/generated/values-validator.mjs': await generateValidator(values, root),
    'src/values/generated/values-validator.d.mts': VALIDATOR_TYPES,
    'src/values/generated/helper-config-validator.mjs': await generateValidator(helperConfig, root),
    'src/values/generated/helper-config-validator.d.mts': VALIDATOR_TYPES,
    'src/values/generated/clusters-validator.mjs': await generateValidator(clusters, root),
    'src/values/generated/clusters-validator.d.mts': VALIDATOR_TYPES,
    'sandbox/cloud/seed/generated/seed.ts': await generateTypes(seed, { rootName: 'Seed' }),
    'src/values/generated/clusters.ts': await generateTypes(clusters, { rootName: 'Clusters', resolved: true }),
  }
}

/**
 * Renders one key and one definition per line. The file is for editors and for Helm, and is part of
 * every release's record.
 */
function valuesSchemaText({ properties = {}, definitions = {}, ...top }: Schema): string {
  const block = (entries: Readonly<Record<string, Schema>>): string => {
    const lines = Object.entries(entries).map(([name, schema]) => `    "${name}": ${JSON.stringify(schema)}`)
    return `{\n${lines.join(',\n')}\n  }`
  }
  const head = JSON.stringify(top, null, 2).replace(/\n\}$/, '')
  return `${head},\n  "properties": ${block(properties)},\n  "definitions": ${block(definitions)}\n}\n`
}

/** Returns the version of the schema's Kubernetes types, for messages: `1.37`. */
function kubernetesVersion({ description = '' }: Schema): string {
  const [, version] = /v(\d+\.\d+)\./.exec(description) ?? []
  if (version === undefined) throw new Error(`${KUBERNETES_TYPES} names no version of Kubernetes`)
  return [
    '// Generated from schemas/generated/ by scripts/generate-values.ts. Do not edit.',
    `export const KUBERNETES_VERSION = '${version}'`,
    '',
  ].join('\n')
}

/** Renders a fact that the helper and the chart's templates must share. */
function template(name: string, source: string, text: string): string {
  return [
    `{{/* Generated from ${source} by scripts/generate-values.ts. Do not edit. */}}`,
    `{{- define "acr-nopass.${name}" -}}`,
    text,
    '{{- end }}',
    '',
  ].join('\n')
}

writeGenerated(root, await generate(), 'node scripts/generate-values.ts')
