import { type DocumentOptions, type ParseOptions, parse, parseAllDocuments, type SchemaOptions } from 'yaml'

/**
 * The package would emit a warning of the process for an unknown tag. Node prints the warning with
 * the line of the source, which then is a workflow command if it starts with `::`. The level
 * `silent` would also ignore errors, so a truncated text would be read.
 */
const QUIET = { logLevel: 'error', prettyErrors: false } as const

export type YamlOptions = Omit<ParseOptions & DocumentOptions & SchemaOptions, keyof typeof QUIET>

/**
 * Parses one YAML document without warnings.
 * @throws an error whose message quotes no line of the text
 */
export function parseYaml(text: string, options: YamlOptions = {}): unknown {
  return parse(text, { ...options, ...QUIET })
}

/**
 * Parses all documents of a text without warnings. Each document lists its own errors. Empty for a
 * text without a document.
 */
export function parseYamlDocuments(text: string, options: YamlOptions = {}) {
  const documents = parseAllDocuments(text, { ...options, ...QUIET })
  return 'empty' in documents ? [] : documents
}
