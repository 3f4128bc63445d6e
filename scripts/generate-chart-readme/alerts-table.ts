import { table, untranslated } from '../generate-docs/languages.ts'
import { type ChartWords, ENGLISH, refuseSpare } from './chart-words.ts'

const ALERT = /- alert: (\S+)[\s\S]*?severity: (\S+)[\s\S]*?summary: (.*)\n\s+cause: >-\n([\s\S]*?)\n\s+fix:/g

/** Renders the alerts of the chart's template, with their descriptions, as a table. */
export function alertsTable(template: string, { alerts, translation }: ChartWords = ENGLISH): string {
  const found = [...template.matchAll(ALERT)]
  if (translation)
    refuseSpare(
      translation.alerts,
      found.map(([, name = '']) => name),
    )
  const rows = found.map(([, name = '', severity = '', summary = '', cause = '']) => {
    const english = [withoutPlaceholders(summary), withoutPlaceholders(cause)]
    const texts = translation ? (translation.alerts[name] ?? english.map(untranslated)) : english
    return [`\`${name}\``, severity, ...texts]
  })
  return table(alerts, rows)
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
