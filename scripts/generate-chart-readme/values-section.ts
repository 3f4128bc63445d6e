import { parse } from 'yaml'
import { resolve, type Schema, schemaOfChild } from '../../src/values/schema/schema.ts'
import { flowYaml } from '../../src/values/schema/show-value.ts'
import { readBlocks, type ValuesBlock } from './read-blocks.ts'

/** Every key of values.yaml with its prose, examples and defaults. */
export function valuesSection(text: string, root: Schema): string {
  return readBlocks(text)
    .map((block) => section(block, root))
    .join('\n')
}

function section(block: ValuesBlock, root: Schema): string {
  const prose = toMarkdown(block.prose)
  const lines = [`### \`${block.key}\`\n`, prose, '']
  if (block.body.length === 0) return [...lines, '**Required.**\n'].join('\n')
  const value = (parse(block.body.join('\n')) as Record<string, unknown>)[block.key]
  if (!isMap(value)) {
    const required = root.required?.includes(block.key)
    return [...lines, required ? '**Required.**\n' : `Default: ${code(value)}\n`].join('\n')
  }
  const comments = nestedComments(block.body)
  const schema = root.properties?.[block.key]
  if (schema === undefined) throw new Error(`the schema has no key ${block.key}`)
  const rows = leaves([block.key], value, schema, root).map(({ path, value: own, title }) => {
    const comment = comments.get(path.join('.'))
    return `| \`${path.join('.')}\` | ${code(own)} | ${cell(comment ?? title)} |`
  })
  const notes = [...comments].filter(([path]) => !rows.some((row) => row.startsWith(`| \`${path}\` |`)))
  const extra = notes.map(([path, comment]) => `- \`${path}\`: ${comment}`)
  return [...lines, ...extra, ...(extra.length > 0 ? [''] : []), TABLE, ...rows, ''].join('\n')
}

const TABLE = '| key | default | |\n| --- | --- | --- |'

interface Leaf {
  readonly path: readonly string[]
  readonly value: unknown
  readonly title: string
}

function leaves(path: readonly string[], value: unknown, schema: Schema, root: Schema): Leaf[] {
  const full = resolve(schema, root)
  const keys = isMap(value) ? Object.entries(value) : []
  if (keys.length === 0 || full.properties === undefined) return [{ path, value, title: full.title ?? '' }]
  return keys.flatMap(([key, inner]) => {
    const child = schemaOfChild(full, key, root)
    if (child === undefined) throw new Error(`the schema has no key ${[...path, key].join('.')}`)
    return leaves([...path, key], inner, child, root)
  })
}

/** The comments above keys inside a block, by the keys' dotted paths. */
function nestedComments(body: readonly string[]): Map<string, string> {
  const found = new Map<string, string>()
  const path: { readonly indent: number; readonly key: string }[] = []
  let comment: string[] = []
  for (const line of body) {
    const [, spaces = '', rest = ''] = /^( *)(.*)$/.exec(line) ?? []
    if (rest.startsWith('#')) {
      comment.push(rest.replace(/^# ?/, ''))
      continue
    }
    const [, key] = /^([\w./"-]+):/.exec(rest) ?? []
    if (key !== undefined) {
      while ((path.at(-1)?.indent ?? -1) >= spaces.length) path.pop()
      path.push({ indent: spaces.length, key })
      if (comment.length > 0) found.set(path.map((step) => step.key).join('.'), comment.join(' '))
    }
    comment = []
  }
  return found
}

/** Prose as it is; lines that are set in are an example. */
function toMarkdown(lines: readonly string[]): string {
  const written: string[] = []
  let example: string[] = []
  const endExample = (): void => {
    const text = example.join('\n').trimEnd()
    example = []
    if (text !== '') written.push('', `\`\`\`${/^\s*(- )?\w+: /.test(text) ? 'yaml' : 'text'}\n${text}\n\`\`\``, '')
  }
  for (const line of lines) {
    if (/^ {2,}/.test(line) || (line === '' && example.length > 0)) example.push(line.replace(/^ {2}/, ''))
    else {
      endExample()
      written.push(line)
    }
  }
  endExample()
  return written
    .join('\n')
    .replaceAll(/\n{3,}/g, '\n\n')
    .trim()
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function code(value: unknown): string {
  return `\`${cell(flowYaml(value))}\``
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ').trim()
}
