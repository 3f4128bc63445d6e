import { parse } from 'yaml'
import { INPUTS, type InputSpec } from '../../../src/rollout/inputs/input-table.ts'
import { OUTPUTS } from '../../build/action-yml.ts'
import { type Language, languageSwitch, type Text, table, untranslated } from '../languages.ts'

type Modes = 'all' | readonly string[]
type Columns = Readonly<Record<Language, readonly string[]>>

interface InputText extends Text {
  readonly modes: Modes
}

export interface InputGroup {
  readonly title: Text
  readonly intro?: Text
  readonly inputs: Readonly<Record<string, InputText>>
}

export interface ActionTexts {
  readonly title: Text
  readonly introduction: Text
  readonly modes: {
    readonly title: Text
    readonly columns: Columns
    readonly rows: Readonly<Record<string, { readonly uses: Text; readonly writes: Text }>>
  }
  readonly surprises: {
    readonly title: Text
    readonly columns: Columns
    readonly rows: readonly { readonly name: string; readonly what: Text; readonly change: Text }[]
  }
  readonly inputs: {
    readonly title: Text
    readonly introduction: Text
    readonly columns: Columns
    readonly all: Text
    readonly kinds: Readonly<Record<string, Text>>
  }
  readonly outputs: {
    readonly title: Text
    readonly introduction: Text
    readonly columns: Columns
    readonly rows: Readonly<Record<string, Text & { readonly modes: Modes; readonly if: string }>>
    readonly example: Text
  }
  readonly matrix: { readonly title: Text; readonly introduction: Text }
  readonly permissions: {
    readonly title: Text
    readonly columns: Columns
    readonly rows: readonly { readonly where: Text; readonly what: Text | string; readonly for: Text }[]
  }
}

/** Reads the texts next to this file: the inputs by task, and the rest of the page. */
export function readActionTexts(readText: (path: string) => string): { groups: InputGroup[]; texts: ActionTexts } {
  const folder = 'scripts/generate-docs/action'
  const read = (file: string): unknown => withChinese(parse(readText(`${folder}/${file}`)))
  const groups = read('inputs.yaml') as InputGroup[]
  const texts = read('page.yaml') as ActionTexts
  refuseGaps(
    'inputs.yaml',
    groups.flatMap(({ inputs }) => Object.keys(inputs)),
    Object.keys(INPUTS),
  )
  refuseGaps('page.yaml, outputs', Object.keys(texts.outputs.rows), Object.keys(OUTPUTS))
  refuseGaps('page.yaml, modes', Object.keys(texts.modes.rows), INPUTS.mode.choices ?? [])
  return { groups, texts }
}

/**
 * Adds to each text that exists only in English the same text for Chinese pages, marked as
 * untranslated.
 */
function withChinese(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withChinese)
  if (typeof value !== 'object' || value === null) return value
  const filled = Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withChinese(inner)]))
  return typeof filled.en === 'string' && filled.zh === undefined ? { ...filled, zh: untranslated(filled.en) } : filled
}

function refuseGaps(file: string, given: readonly string[], known: readonly string[]): void {
  const wrong = [
    ...known.filter((name) => !given.includes(name)).map((name) => `${name} is missing`),
    ...given.filter((name) => !known.includes(name)).map((name) => `${name} does not exist`),
    ...given.filter((name, at) => given.indexOf(name) !== at).map((name) => `${name} is listed twice`),
  ]
  if (wrong.length > 0) throw new Error(`scripts/generate-docs/action/${file}: ${wrong.join(', ')}`)
}

/** Renders docs/<language>/action.md: the reference of the action. */
export function actionPage(language: Language, { groups, texts }: ReturnType<typeof readActionTexts>): string {
  const { modes, surprises, inputs, outputs, matrix, permissions } = texts
  const modesOf = (list: Modes): string =>
    list === 'all' ? inputs.all[language] : list.map(renderCode).join(COMMA[language])
  const inputRow = ([name, text]: [string, InputText]): string[] => {
    const spec = INPUTS[name as keyof typeof INPUTS]
    const takes = renderAccepted(spec, inputs.kinds, language)
    return [
      renderCode(name),
      takes,
      spec.default === '' ? '' : renderCode(spec.default),
      modesOf(text.modes),
      text[language],
    ]
  }
  const parts = [
    `# ${texts.title[language]}\n`,
    `${languageSwitch(`docs/${language}/action.md`)}\n`,
    texts.introduction[language],
    `## ${modes.title[language]}`,
    table(
      modes.columns[language],
      Object.entries(modes.rows).map(([mode, { uses, writes }]) => [
        renderCode(mode),
        uses[language],
        writes[language],
      ]),
    ),
    `\n### ${surprises.title[language]}`,
    table(
      surprises.columns[language],
      surprises.rows.map(({ name, what, change }) => [name, what[language], change[language]]),
    ),
    `\n## ${inputs.title[language]}`,
    inputs.introduction[language],
    ...groups.flatMap((group) => [
      `### ${group.title[language]}`,
      ...(group.intro ? [`${group.intro[language].trim()}\n`] : []),
      `${table(inputs.columns[language], Object.entries(group.inputs).map(inputRow))}\n`,
    ]),
    `## ${outputs.title[language]}`,
    outputs.introduction[language],
    table(
      outputs.columns[language],
      Object.entries(outputs.rows).map(([name, row]) => [
        renderCode(name),
        modesOf(row.modes),
        row[language],
        renderCode(`if: ${row.if}`),
      ]),
    ),
    `\n${outputs.example[language]}`,
    '<!-- snippet: examples/workflows/approved-plan.yml -->\n<!-- /snippet -->',
    `\n## ${matrix.title[language]}`,
    matrix.introduction[language],
    '<!-- snippet: examples/workflows/matrix.yml -->\n<!-- /snippet -->',
    `\n## ${permissions.title[language]}`,
    table(
      permissions.columns[language],
      permissions.rows.map((row) => [
        row.where[language],
        typeof row.what === 'string' ? row.what : row.what[language],
        row.for[language],
      ]),
    ),
  ]
  return `${parts.join('\n')}\n`
}

const COMMA: Text = { en: ', ', zh: '、' }

function renderAccepted(spec: InputSpec, kinds: ActionTexts['inputs']['kinds'], language: Language): string {
  const { kind, choices = [], min, max } = spec
  if (kind === 'choice') return choices.map(renderCode).join(COMMA[language])
  if (kind === 'boolean') return ['true', 'false'].map(renderCode).join(COMMA[language])
  const word = kinds[kind]?.[language]
  if (word === undefined) throw new Error(`page.yaml: no word for ${kind}`)
  return kind === 'integer' ? `${word}${language === 'zh' ? '，' : ', '}${min}–${max}` : word
}

function renderCode(text: string): string {
  return `\`${text}\``
}
