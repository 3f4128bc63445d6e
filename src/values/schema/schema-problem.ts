/** One thing that a generated validator found, in ajv's form. */
export interface SchemaProblem {
  readonly keyword: string
  /** JSON pointer to the value. */
  readonly instancePath: string
  /** JSON pointer, with a leading `#`, to the keyword in the schema. */
  readonly schemaPath: string
  readonly params: {
    readonly additionalProperty?: string
    readonly missingProperty?: string
    readonly limit?: number
    /** The later and the earlier of two equal items. */
    readonly i?: number
    readonly j?: number
  }
  readonly propertyName?: string
}
