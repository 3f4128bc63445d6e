import { parse } from 'yaml'
import { resolve, type Schema, schemaOfChild } from '../../src/values/schema/schema.ts'
import { flowYaml } from '../../src/values/schema/schema-problem.ts'
import { cell, table, untranslated } from '../generate-docs/languages.ts'
import { type ChartWords, ENGLISH, refuseSpare } from './chart-words.ts'
import { readBlocks, type ValuesBlock } from './read-blocks.ts'

/** Renders every key of values.yaml with its prose, examples and defaults. */
export function valuesSection(text: string, root: Schema, words: ChartWords = ENGLISH): string {
  const blocks = readBlocks(text)
  if (words.translation) {
    refuseSpare(
      words.translation.keys,
      blocks.map(({ key }) => key),
    )
    refuseSpare(
      words.translation.nested,
      blocks.flatMap(({ body }) => [...nestedComments(body).keys()]),
    )
  }
  return blocks.map((block) => section(block, root, words)).join('\n')
}

function section(block: ValuesBlock, root: Schema, words: ChartWords): string {
  const prose = proseOf(block, words)
  const lines = [`### \`${block.key}\`\n`, prose, '']
  if (block.body.length === 0) return [...lines, `${words.required}\n`].join('\n')
  const value = (parse(block.body.join('\n')) as Record<string, unknown>)[block.key]
  if (!isMap(value)) {
    const required = root.required?.includes(block.key)
    return [...lines, required ? `${words.required}\n` : `${words.default}${renderCode(value)}\n`].join('\n')
  }
  const comments = new Map(
    [...nestedComments(block.body)].map(([path, comment]) => [
      path,
      words.translation ? (words.translation.nested[path] ?? untranslated(comment)) : comment,
    ]),
  )
  const schema = root.properties?.[block.key]
  if (schema === undefined) throw new Error(`the schema has no key ${block.key}`)
  const rows = leavesOf([block.key], value, schema, root).map(({ path: steps, value: own, title }) => {
    const path = steps.join('.')
    const name = words.translation ? (words.translation.titles[path] ?? title) : title
    return [`\`${path}\``, renderCode(own), comments.get(path) ?? name]
  })
  const notes = [...comments].filter(([path]) => !rows.some(([key]) => key === `\`${path}\``))
  const extra = notes.map(([path, comment]) => `- \`${path}\`: ${comment}`)
  const shown = table(words.columns, rows).replace('|  |', '| |')
  return [...lines, ...extra, ...(extra.length > 0 ? [''] : []), shown, ''].join('\n')
}

/** Returns the key's comment, or its translation with the same examples. */
function proseOf({ key, prose }: ValuesBlock, { translation }: ChartWords): string {
  const own = toMarkdown(prose)
  if (!translation) return own
  const examples = own.match(/^```[\s\S]*?^```$/gm) ?? []
  const text = translation.keys[key]?.trim()
  if (text === undefined) return untranslated(own)
  if (text.split('{example}').length - 1 !== examples.length)
    throw new Error(`scripts/generate-chart-readme/zh.yaml: ${key} needs {example} ${examples.length} times`)
  return examples.reduce((filled, example) => filled.replace('{example}', () => example), text)
}

interface Leaf {
  readonly path: readonly string[]
  readonly value: unknown
  readonly title: string
}

function leavesOf(path: readonly string[], value: unknown, schema: Schema, root: Schema): Leaf[] {
  const full = resolve(schema, root)
  const keys = isMap(value) ? Object.entries(value) : []
  if (keys.length === 0 || full.properties === undefined) return [{ path, value, title: full.title ?? '' }]
  return keys.flatMap(([key, inner]) => {
    const child = schemaOfChild(full, key, root)
    if (child === undefined) throw new Error(`the schema has no key ${[...path, key].join('.')}`)
    return leavesOf([...path, key], inner, child, root)
  })
}

/** Returns the comments above keys inside a block, by the keys' dotted paths. */
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

/** Converts comment lines to Markdown: prose stays unchanged, indented lines become an example. */
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

function renderCode(value: unknown): string {
  return `\`${cell(flowYaml(value))}\``
}
