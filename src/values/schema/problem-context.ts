import { formatPath, type ValuePath, type YamlNode } from '../yaml/yaml-node.ts'
import type { Schema } from './schema.ts'
import type { SchemaProblem } from './schema-problem.ts'

/** One problem with all that its message needs. */
export interface ProblemContext {
  readonly problem: SchemaProblem
  readonly root: YamlNode
  readonly rootSchema: Schema
  readonly path: ValuePath
  /** The schema and the value at the path. */
  readonly schema: Schema | undefined
  readonly node: YamlNode | undefined
}

/** A path in a message. */
export function name(path: ValuePath): string {
  return path.length === 0 ? 'the file' : `\`${formatPath(path)}\``
}

/** A title inside a sentence. */
export function lowerFirst(title: string): string {
  return /^[A-Z][a-z]/.test(title) ? title.charAt(0).toLowerCase() + title.slice(1) : title
}
