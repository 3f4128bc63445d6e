import { parse } from 'yaml'
import { definitionName, isKubernetesType, resolve, type Schema } from '../../src/values/schema/schema.ts'
import { describeExpected, flowYaml } from '../../src/values/schema/schema-problem.ts'
import { fillMarkers } from '../generate-docs/fill-markers.ts'
import { type Language, type Text, table, untranslated } from '../generate-docs/languages.ts'
import { readTexts } from '../generate-docs/read-texts.ts'

type Columns = Readonly<Record<Language, readonly string[]>>
type ReadText = (path: string) => string

/** Title and description of each key, by its path. */
type KeyTexts = Readonly<Record<string, readonly [title: string, description: string]>>

interface PageTexts {
  readonly columns: Columns
  readonly indexColumns: Columns
  readonly resultColumns: Columns
  readonly required: Text
  readonly types: Readonly<Record<string, Text>>
}

const FOLDER = 'scripts/generate-values/texts'

/** The tables of docs/<language>/clusters.md, with their keys. */
const CLUSTER_TABLES: Readonly<Record<string, readonly string[]>> = {
  'keys:cluster': ['name', 'ack', 'kubeconfig', 'expect'],
  'keys:order': ['wave', 'environment'],
  'keys:installed': ['valuesFiles', 'values', 'namespace', 'release', 'coexist'],
  'keys:accounts': ['account', 'deployRole', 'oidcProviderArn', 'workerRoles'],
}

/** Fills the tables into the pages of the schemas, in the two languages. */
export function generateReferences(
  schemas: { values: Schema; clusters: Schema; fleetCheck: Schema },
  readText: ReadText,
): Record<string, string> {
  const texts = parse(readText(`${FOLDER}/page.yaml`)) as PageTexts
  const entry = schemas.clusters.items
  if (entry === undefined) throw new Error('schemas/clusters.schema.json is not a list')
  const valuesKeys = rowsOf(schemas.values, schemas.values)
  const entryKeys = rowsOf(entry, schemas.clusters)
  const checkKeys = rowsOf(schemas.fleetCheck, schemas.fleetCheck)
  const pages: Record<string, string> = {}
  for (const language of ['en', 'zh'] as const) {
    const fill = (page: string, tables: Readonly<Record<string, string>>): void => {
      const path = `docs/${language}/${page}.md`
      pages[path] = fillMarkers(readText(path), tables)
    }
    const common = { language, texts }
    const values = { ...common, root: schemas.values, keys: keyTexts('values', valuesKeys, language, readText) }
    const clusters = { ...common, root: schemas.clusters, keys: keyTexts('clusters', entryKeys, language, readText) }
    fill('values', { keys: valuesSections(values, valuesKeys) })
    fill('clusters', clustersTables(clusters, entryKeys))
    const check = { ...common, root: schemas.fleetCheck, keys: keyTexts('fleet-check', checkKeys, language, readText) }
    fill('fleet', { results: resultsTable(check, checkKeys) })
  }
  return pages
}

interface Page {
  readonly root: Schema
  readonly language: Language
  readonly texts: PageTexts
  readonly keys: KeyTexts
}

interface Row {
  readonly path: string
  readonly full: Schema
  readonly isRequired: boolean
}

/** Renders an index of the top-level keys, then a section for each of them. */
function valuesSections(page: Page, rows: readonly Row[]): string {
  const { language, keys, texts } = page
  const top = rows.filter(({ path }) => !/[.[]/.test(path))
  const sections = top.map(({ path: key }) => {
    const [name = '', about = ''] = keys[key] ?? []
    const own = rows.filter(({ path }) => path === key || path.startsWith(`${key}.`) || path.startsWith(`${key}[`))
    // The paragraph already has the description, so the row has the title only.
    const body = rowsTable({ ...page, keys: { ...keys, [key]: [name, ''] } }, own)
    return `## ${key}\n\n${sentence(name, about, language)}\n\n${body}\n`
  })
  const links = top.map(({ path: key }) => [`[\`${key}\`](#${key.toLowerCase()})`, keys[key]?.[0] ?? ''])
  return [`${table(texts.indexColumns[language], links)}\n`, ...sections].join('\n')
}

function clustersTables(page: Page, rows: readonly Row[]): Record<string, string> {
  const grouped = Object.values(CLUSTER_TABLES).flat()
  const missing = rows.filter(({ path }) => !/[.[]/.test(path) && !grouped.includes(path))
  if (missing.length > 0)
    throw new Error(`no table of the page about clusters has ${missing.map(({ path }) => path).join(', ')}`)
  const tables = Object.entries(CLUSTER_TABLES).map(([marker, keys]) => {
    const own = keys.flatMap((key) => rows.filter(({ path }) => path === key || path.startsWith(`${key}.`)))
    return [marker, rowsTable(page, own)]
  })
  return Object.fromEntries(tables)
}

/** Renders the keys of a result. Nobody writes a result, so it has no defaults and no examples. */
function resultsTable(page: Page, rows: readonly Row[]): string {
  const { language, texts, keys } = page
  return table(
    texts.resultColumns[language],
    rows.map(({ path, full }) => {
      const [title = '', description = ''] = keys[path] ?? []
      return [renderCode(path), typeName(full, page), sentence(title, description, language)]
    }),
  )
}

function rowsTable(page: Page, rows: readonly Row[]): string {
  const { language, texts, keys } = page
  return table(
    texts.columns[language],
    rows.map(({ path, full, isRequired }) => {
      const [title = '', description = ''] = keys[path] ?? []
      const required = isRequired ? texts.required[language] : ''
      const fallback = full.default === undefined ? required : renderCode(flowYaml(full.default))
      const example = full.examples?.[0] === undefined ? '' : renderCode(flowYaml(full.examples[0]))
      return [renderCode(path), typeName(full, page), fallback, sentence(title, description, language), example]
    }),
  )
}

/**
 * Lists all keys of ours below a map, in its order, with their displayed path: `registries[].name`.
 * Keys of Kubernetes are omitted, because Kubernetes documents them.
 */
function rowsOf(schema: Schema, root: Schema, parent = ''): Row[] {
  const full = resolve(schema, root)
  return Object.entries(full.properties ?? {}).flatMap(([key, inner]) => {
    const path = parent === '' ? key : `${parent}.${key}`
    const child = resolve(inner, root)
    if (child.title === undefined) return []
    const own = { path, full: child, isRequired: full.required?.includes(key) ?? false }
    const item = child.items === undefined ? undefined : resolve(child.items, root)
    const names = [inner, child.items ?? {}].map(definitionName)
    if (child['x-kubernetes'] || names.some(isKubernetesType)) return [own]
    const below = child.properties === undefined && item?.properties !== undefined ? item : child
    return [own, ...rowsOf(below, root, below === item ? `${path}[]` : path)]
  })
}

/**
 * Returns the texts of keys. English texts are in the schema, Chinese texts in a separate file. A
 * key without a Chinese text is shown in English until a release.
 */
function keyTexts(
  name: 'values' | 'clusters' | 'fleet-check',
  rows: readonly Row[],
  language: Language,
  readText: ReadText,
): KeyTexts {
  const english = rows.map(({ path, full }) => [path, [full.title ?? '', full.description ?? '']] as const)
  if (language === 'en') return Object.fromEntries(english)
  const paths = rows.map(({ path }) => path)
  const texts = readTexts<KeyTexts>(readText, `${FOLDER}/${name}-zh.yaml`, paths)
  return Object.fromEntries(
    english.map(([path, [title, description]]) => [
      path,
      texts[path] ?? [untranslated(title), untranslated(description)],
    ]),
  )
}

function sentence(title: string, description: string, language: Language): string {
  return language === 'zh' ? `${title}。${description}` : `${title}. ${description}`.trim()
}

function typeName(full: Schema, { root, texts, language }: Page): string {
  if (full.enum !== undefined)
    return full.enum.map((value) => `\`${String(value)}\``).join(language === 'zh' ? '、' : ', ')
  const word = (name: string): string => {
    const found = texts.types[name]
    if (found === undefined) throw new Error(`${FOLDER}/page.yaml: types has no ${name}`)
    return found[language]
  }
  if (full.type === 'object') return word('map')
  if (full.type === 'array') return word(full.items === undefined ? 'list' : `list of ${plural(full.items, root)}`)
  const [, kinds = '', min, max] = /^(.*?)(?: from (\S+) to (\S+))?$/.exec(describeExpected(full, root)) ?? []
  const range =
    min === undefined
      ? ''
      : word('range')
          .replace('{min}', min)
          .replace('{max}', max ?? '')
  return wordsOf(kinds) + range

  /** A choice of types may contain `or` itself: `true or false or null`. */
  function wordsOf(choice: string): string {
    const [, first = '', last = ''] = /^(.*) or (.*)$/.exec(choice) ?? []
    return choice in texts.types || first === '' ? word(choice) : wordsOf(first) + word('or') + word(last)
  }
}

function plural(items: Schema, root: Schema): string {
  const item = resolve(items, root)
  return item.type === 'object' ? 'maps' : item.type === 'string' ? 'texts' : 'values'
}

function renderCode(text: string): string {
  return text.includes('`') ? text : `\`${text.replaceAll('\n', ' ')}\``
}
