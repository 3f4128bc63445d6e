import { type Language, table, untranslated } from '../generate-docs/languages.ts'
import { readTexts } from '../generate-docs/read-texts.ts'

const FILE = 'scripts/generate-chart-readme/zh.yaml'
const ALERT = /- alert: (\S+)[\s\S]*?severity: (\S+)[\s\S]*?summary: (.*)\n\s+cause: >-\n([\s\S]*?)\n\s+fix:/g
const COLUMNS = { en: ['alert', 'severity', 'what', 'why'], zh: ['告警', '级别', '含义', '原因'] } as const

/** Renders the alerts of the chart's template, with their descriptions, as a table. */
export function alertsTable(language: Language, readText: (path: string) => string): string {
  const found = [...readText('chart/templates/_alerts.tpl').matchAll(ALERT)]
  const names = found.map(([, name = '']) => name)
  const chinese = readTexts<Readonly<Record<string, readonly string[]>>>(readText, FILE, names)
  const rows = found.map(([, name = '', severity = '', summary = '', cause = '']) => {
    const english = [withoutPlaceholders(summary), withoutPlaceholders(cause)]
    const texts = language === 'en' ? english : (chinese[name] ?? english.map(untranslated))
    return [`\`${name}\``, severity, ...texts]
  })
  return table(COLUMNS[language], rows)
}

/** Replaces placeholders of the template and of the alert by words for readers. */
function withoutPlaceholders(text: string): string {
  return text
    .replace(/^\{\{ `(.*)` \| quote \}\}$/, '$1')
    .replaceAll(/\{\{ \$labels\.(\w+) \}\}/g, '*$1*')
    .replaceAll(/\{\{ \$value[^}]*\}\}/g, '*n*')
    .replaceAll(' {{ $fullname }}', '')
    .replaceAll(/\s+/g, ' ')
    .trim()
}
