import schema from '../../schemas/helper-config.schema.json' with { type: 'json' }
import { fillDefaults } from './fill-defaults.ts'
import type { HelperConfig } from './helper-config.generated.ts'
import { check } from './helper-config-validator.generated.mjs'
import { schemaErrors } from './schema/schema-errors.ts'
import { addErrors, sortErrors, ValuesError } from './values-error.ts'
import { readYaml } from './yaml/read-yaml.ts'
import { type SourceFile, toValue } from './yaml/yaml-node.ts'

export interface LoadedHelperConfig {
  /** The configuration with all defaults, in list items too; undefined when there is any error. */
  readonly config: HelperConfig | undefined
  readonly errors: readonly ValuesError[]
}

/** Reads and checks the helper's configuration file. Never throws; codes `YAML_*` and `SCHEMA_*`. */
export function loadHelperConfig(file: SourceFile): LoadedHelperConfig {
  const { root, errors: unread } = readYaml(file, 'user')
  if (root === undefined) return { config: undefined, errors: unread }
  if (root.kind !== 'map') {
    const error = new ValuesError('YAML_ROOT', 'the configuration holds no map of keys at its top', { at: root.at })
    return { config: undefined, errors: [error] }
  }
  check(toValue(root))
  const errors = sortErrors(addErrors(unread, schemaErrors(check.errors ?? [], root, schema)), [file.name])
  return { config: errors.length > 0 ? undefined : (fillDefaults(toValue(root), schema) as HelperConfig), errors }
}
