import { basename } from 'node:path'

export const LANGUAGES = ['en', 'zh'] as const
export type Language = (typeof LANGUAGES)[number]

/** A text in the two languages, as in the YAML files next to the generators. */
export type Text = Readonly<Record<Language, string>>

const NAMES: Text = { en: 'English', zh: '简体中文' }

/**
 * Returns the same page in the other language. Undefined for a page that exists in one language
 * only.
 */
export function twinOf(page: string): { readonly path: string; readonly language: Language } | undefined {
  if (page === 'README.md' || page === 'chart/README.md')
    return { path: page.replace('.md', '.zh-CN.md'), language: 'zh' }
  if (page.endsWith('README.zh-CN.md')) return { path: page.replace('.zh-CN.md', '.md'), language: 'en' }
  if (page.startsWith('docs/en/')) return { path: page.replace('docs/en/', 'docs/zh/'), language: 'zh' }
  if (page.startsWith('docs/zh/')) return { path: page.replace('docs/zh/', 'docs/en/'), language: 'en' }
  return undefined
}

/** Returns the line at the top of a page that links to the same page in the other language. */
export function languageSwitch(page: string): string {
  const twin = twinOf(page)
  if (twin === undefined) throw new Error(`${page}: only the READMEs and pages below docs/ have another language`)
  const target = page.startsWith('docs/') ? `../${twin.language}/${basename(twin.path)}` : basename(twin.path)
  return `[${NAMES[twin.language]}](${target})`
}

/**
 * Marks an English text on a Chinese page. Readers do not see the marker, and a release refuses it.
 */
export const UNTRANSLATED = '<!-- untranslated -->'

/** Marks an English text that is used on a Chinese page until somebody translates it. */
export function untranslated(english: string): string {
  return english === '' ? '' : `${UNTRANSLATED} ${english}`
}

/** Renders a text as a table cell. */
function cell(text: string): string {
  return text
    .replaceAll('|', '\\|')
    .replaceAll(/\s*\n\s*/g, ' ')
    .trim()
}

/** Renders a table in Markdown. */
export function table(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(cell).join(' | ')} |`
  return [line(columns), `|${' --- |'.repeat(columns.length)}`, ...rows.map(line)].join('\n')
}
