// Generated from schemas/ by scripts/generate-values.ts. Do not edit.
import type { ErrorObject } from 'ajv'

export declare const check: {
  (value: unknown): boolean
  errors?: readonly ErrorObject[] | null
}
