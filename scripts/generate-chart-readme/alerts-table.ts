const ALERT = /- alert: (\S+)[\s\S]*?severity: (\S+)[\s\S]*?summary: (.*)\n\s+cause: >-\n([\s\S]*?)\n\s+cure:/g

/** The alerts of the chart's template, with what they mean, as a table. */
export function alertsTable(template: string): string {
  const rows = [...template.matchAll(ALERT)].map(([, name = '', severity = '', summary = '', cause = '']) => {
    return `| \`${name}\` | ${severity} | ${plain(summary)} | ${plain(cause)} |`
  })
  return ['| alert | severity | what | why |', '| --- | --- | --- | --- |', ...rows].join('\n')
}

/** A text of the template for people: what a template or an alert fills in is left as a word. */
function plain(text: string): string {
  return text
    .replace(/^\{\{ `(.*)` \| quote \}\}$/, '$1')
    .replaceAll(/\{\{ \$labels\.(\w+) \}\}/g, '*$1*')
    .replaceAll('{{ $value }}', '*n*')
    .replaceAll(' {{ $fullname }}', '')
    .replaceAll(/\s+/g, ' ')
    .trim()
}
