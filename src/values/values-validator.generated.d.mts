// Generated from schemas/ by scripts/generate-values.ts. Do not edit.
import type { SchemaProblem } from './schema/schema-problem.ts'

export declare const check: {
  (value: unknown): boolean
  errors?: readonly SchemaProblem[] | null
}
