/**
 * Reads `k=v` lines and `k<<DELIMITER` blocks as the runner reads GITHUB_OUTPUT and GITHUB_STATE.
 * The first separator in a line decides.
 */
export function readFileCommands(text: string): Readonly<Record<string, string>> {
  const lines = text.split(/\r?\n/)
  const values: Record<string, string> = {}
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index] ?? ''
    if (line === '') continue
    const [equals, heredoc] = [line.indexOf('='), line.indexOf('<<')]
    if (equals >= 0 && (heredoc < 0 || equals < heredoc)) {
      values[line.slice(0, equals)] = line.slice(equals + 1)
    } else if (heredoc >= 0) {
      const delimiter = line.slice(heredoc + 2)
      const end = lines.indexOf(delimiter, index + 1)
      if (end < 0) throw new Error(`no end of ${delimiter}`)
      values[line.slice(0, heredoc)] = lines.slice(index + 1, end).join('\n')
      index = end
    } else throw new Error(`invalid line: ${line}`)
  }
  return values
}
