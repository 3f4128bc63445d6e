/** One thing that a generated validator found, in ajv's form. */
export interface SchemaProblem {
  readonly keyword: string
  /** JSON pointer to the value. */
  readonly instancePath: string
  /** JSON pointer, with a leading `#`, to the keyword in the schema. */
  readonly schemaPath: string
  readonly params: Readonly<Record<string, unknown>>
  readonly propertyName?: string
}
