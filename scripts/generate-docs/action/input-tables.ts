import { FLAG_GROUPS } from '../../../src/cli/rollout/flag-groups.ts'
import { INPUTS, type InputName } from '../../../src/rollout/inputs/input-table.ts'
import { type Language, table, untranslated } from '../languages.ts'
import { readTexts } from '../read-texts.ts'

interface InputText {
  /** `rollout`: every mode except `login`. */
  readonly modes: 'all' | 'rollout' | readonly string[]
  readonly en: string
  readonly zh?: string
}

/** The texts of the inputs, in inputs.yaml next to this file. */
export type InputTexts = Readonly<Record<InputName, InputText>>

const WORDS = {
  en: {
    columns: ['input', 'takes', 'default', 'modes', 'what it does'],
    comma: ', ',
    all: 'all',
    rollout: 'all but `login`',
    kinds: { text: 'text', list: 'list', duration: 'duration', integer: 'number, ' },
  },
  zh: {
    columns: ['输入', '取值', '默认值', '模式', '作用'],
    comma: '、',
    all: '全部',
    rollout: '除 `login` 外',
    kinds: { text: '文本', list: '列表', duration: '时长', integer: '数字，' },
  },
} as const

/** @throws Error for an input without texts, and for texts without an input */
export function readInputTexts(readText: (path: string) => string): InputTexts {
  return readTexts<InputTexts>(readText, 'scripts/generate-docs/action/inputs.yaml', Object.keys(INPUTS), true)
}

/** Renders the tables of docs/<language>/action.md, one for each group of `--help`. */
export function inputTables(language: Language, texts: InputTexts): Record<string, string> {
  const { columns, comma } = WORDS[language]
  const row = (name: InputName): string[] => {
    const { modes, en, zh = untranslated(en) } = texts[name]
    const fallback = INPUTS[name].default
    const used = typeof modes === 'string' ? WORDS[language][modes] : modes.map(renderCode).join(comma)
    const what = language === 'en' ? en : zh
    return [renderCode(name), renderAccepted(name, language), fallback === '' ? '' : renderCode(fallback), used, what]
  }
  return Object.fromEntries(
    Object.entries(FLAG_GROUPS).map(([title, names]) => [
      `inputs:${title.toLowerCase().replaceAll(' ', '-')}`,
      table(columns, names.map(row)),
    ]),
  )
}

function renderAccepted(name: InputName, language: Language): string {
  const { kind, choices = [], min, max } = INPUTS[name]
  const { kinds, comma } = WORDS[language]
  if (kind === 'choice') return choices.map(renderCode).join(comma)
  if (kind === 'boolean') return ['true', 'false'].map(renderCode).join(comma)
  return kind === 'integer' ? `${kinds.integer}${min}–${max}` : kinds[kind]
}

function renderCode(text: string): string {
  return `\`${text}\``
}
