import { type Language, table, untranslated } from '../generate-docs/languages.ts'
import { readTexts } from '../generate-docs/read-texts.ts'

const FILE = 'scripts/generate-chart-readme/zh.yaml'
const COLUMNS = {
  en: ['alert', 'severity', 'after', 'what', 'why'],
  zh: ['告警', '级别', '持续', '含义', '原因'],
} as const
const AT_ONCE = { en: 'at once', zh: '立即' } as const

/** Renders the alerts of the chart's template, with their descriptions, as a table. */
export function alertsTable(language: Language, readText: (path: string) => string): string {
  const [, ...alerts] = readText('chart/templates/_alerts.tpl').split('\n- alert: ')
  const nameOf = (alert: string): string => part(alert, /^(\S+)/)
  const chinese = readTexts<Readonly<Record<string, readonly string[]>>>(readText, FILE, alerts.map(nameOf))
  const rows = alerts.map((alert) => {
    const english = [/ summary: (.*)/, / cause: >-\n([\s\S]*?)\n +fix:/].map((text) =>
      withoutPlaceholders(part(alert, text)),
    )
    const texts = language === 'en' ? english : (chinese[nameOf(alert)] ?? english.map(untranslated))
    const after = part(alert, /\n {2}for: (\S+)/) || AT_ONCE[language]
    return [`\`${nameOf(alert)}\``, part(alert, / severity: (\S+)/), after, ...texts]
  })
  return table(COLUMNS[language], rows)
}

function part(alert: string, pattern: RegExp): string {
  return pattern.exec(alert)?.[1] ?? ''
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
