// Writes everything that is derived from schemas/ and from ACR's domains.
// `--check` writes nothing and fails if a file is not current.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { ACR_DOMAINS } from '../src/acr/registry-domains.ts'
import type { Schema } from '../src/values/schema/schema.ts'
import { generateReferences } from './generate-values/docs.ts'
import {
  ADDED,
  helperConfigSchema,
  helperKeysTemplate,
  ROLLOUT_KEYS,
  readValues,
} from './generate-values/helper-config.ts'
import { generateHelperConfigType, generateTypes } from './generate-values/types.ts'
import { generateValidator, VALIDATOR_TYPES } from './generate-values/validators.ts'

const root = join(import.meta.dirname, '..')
const readText = (path: string): string => readFileSync(join(root, path), 'utf8')
const readSchema = (path: string): Schema => JSON.parse(readText(path)) as Schema

async function generate(): Promise<Record<string, string>> {
  const values = readSchema('schemas/values.schema.json')
  const clusters = readSchema('schemas/clusters.schema.json')
  const helperConfig = helperConfigSchema(values)
  const seed = readSchema('sandbox/cloud/seed/seed.schema.json')
  return {
    'chart/templates/_acr-domains.tpl': acrDomainsTemplate(),
    'chart/templates/_helper-keys.tpl': helperKeysTemplate(values),
    'chart/values.schema.json': readText('schemas/values.schema.json'),
    'schemas/helper-config.schema.json': `${JSON.stringify(helperConfig, null, 2)}\n`,
    ...generateReferences({ values, clusters }, readText),
    'src/values/resolved-values.generated.ts': await generateTypes(readValues(values), {
      rootName: 'ResolvedValues',
      prefix: 'Resolved',
      resolved: true,
    }),
    'src/values/helper-config.generated.ts': await generateHelperConfigType(ADDED, ROLLOUT_KEYS),
    'src/values/values-validator.generated.mjs': await generateValidator(values, root),
    'src/values/values-validator.generated.d.mts': VALIDATOR_TYPES,
    'src/values/helper-config-validator.generated.mjs': await generateValidator(helperConfig, root),
    'src/values/helper-config-validator.generated.d.mts': VALIDATOR_TYPES,
    'src/values/clusters-validator.generated.mjs': await generateValidator(clusters, root),
    'src/values/clusters-validator.generated.d.mts': VALIDATOR_TYPES,
    'sandbox/cloud/seed/seed.generated.ts': await generateTypes(seed, { rootName: 'Seed' }),
    'src/values/clusters.generated.ts': await generateTypes(clusters, { rootName: 'Clusters', resolved: true }),
  }
}

/** ACR's own domains for the chart's expressions: the helper and the chart must agree on them. */
function acrDomainsTemplate(): string {
  return [
    "{{/* Generated from src/acr/registry-domains.ts: ACR's own domains, as a regular expression. */}}",
    '{{- define "acr-nopass.acr-domains" -}}',
    ACR_DOMAINS,
    '{{- end }}',
    '',
  ].join('\n')
}

const check = process.argv.includes('--check')
const stale: string[] = []
for (const [path, text] of Object.entries(await generate())) {
  const file = join(root, path)
  let current: string | undefined
  try {
    current = readFileSync(file, 'utf8')
  } catch {
    current = undefined
  }
  if (current === text) continue
  stale.push(path)
  if (check) continue
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
}
for (const path of stale) process.stdout.write(`${check ? 'stale' : 'wrote'} ${path}\n`)
if (check && stale.length > 0) {
  process.stderr.write('fix: node scripts/generate-values.ts\n')
  process.exitCode = 1
}
