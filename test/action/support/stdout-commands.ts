export interface Annotation {
  readonly level: 'error' | 'warning' | 'notice'
  readonly title: string | undefined
  readonly file: string | undefined
  readonly line: string | undefined
  readonly col: string | undefined
  readonly message: string
}

/** Returns the workflow commands in a step's output. */
export function readCommands(stdout: string): {
  readonly annotations: readonly Annotation[]
  readonly masks: readonly string[]
} {
  const annotations: Annotation[] = []
  const masks: string[] = []
  for (const line of stdout.split('\n')) {
    const match = /^::(add-mask|error|warning|notice)(?: ([^:]*(?:%3A[^:]*)*))?::(.*)$/.exec(line)
    if (!match) continue
    const [, command = '', properties = '', data = ''] = match
    if (command === 'add-mask') {
      // The runner masks the value and each of its lines.
      masks.push(...decode(data).split('\n').filter(Boolean))
      continue
    }
    const values = new Map(
      properties
        .split(',')
        .map((pair) => [pair.slice(0, pair.indexOf('=')), decode(pair.slice(pair.indexOf('=') + 1))]),
    )
    annotations.push({
      level: command as Annotation['level'],
      title: values.get('title'),
      file: values.get('file'),
      line: values.get('line'),
      col: values.get('col'),
      message: decode(data),
    })
  }
  return { annotations, masks }
}

function decode(text: string): string {
  return text
    .replaceAll('%0D', '\r')
    .replaceAll('%0A', '\n')
    .replaceAll('%3A', ':')
    .replaceAll('%2C', ',')
    .replaceAll('%25', '%')
}
