import schema from '../../schemas/helper-config.schema.json' with { type: 'json' }
import { NopassError } from '../errors.ts'
import { sha256 } from '../lib/text.ts'
import { parseYaml } from '../lib/yaml.ts'
import type { HelperConfig } from '../values/generated/helper-config.ts'
import { check } from '../values/generated/helper-config-validator.mjs'
import { fillDefaults } from '../values/merge.ts'
import type { Schema } from '../values/schema/schema.ts'

export type LoadedConfig = ReturnType<typeof loadConfig>

/**
 * Parses the helper's configuration from the text that the chart rendered, and adds the defaults.
 * Also returns the hex SHA-256 of the text.
 * @throws HELPER_CONFIG_INVALID
 */
export function loadConfig(text: string) {
  let value: unknown
  try {
    value = parseYaml(text, { schema: 'core', uniqueKeys: true })
  } catch {
    // The parser's message may quote the text.
    throw new NopassError('HELPER_CONFIG_INVALID', 'the configuration is not YAML')
  }
  if (!check(value)) {
    const problems = (check.errors ?? []).slice(0, 5).map(({ instancePath, keyword }) => {
      return `${instancePath || '(root)'} (${keyword})`
    })
    throw new NopassError(
      'HELPER_CONFIG_INVALID',
      `the configuration does not match its schema: ${problems.join('; ')}`,
    )
  }
  const config = fillDefaults(value, schema as Schema) as HelperConfig
  return { config, hash: sha256(text) }
}

/** Converts `30s`, `5m`, `1h` to milliseconds. */
export function durationMs(text: string): number {
  const unit = { s: 1000, m: 60_000, h: 3_600_000 }[text.slice(-1)] ?? Number.NaN
  return Number(text.slice(0, -1)) * unit
}
