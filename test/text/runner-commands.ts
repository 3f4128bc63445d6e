/**
 * Characters that must not reach a terminal, a log, a page or an object: everything except text.
 * Two joiners that scripts need count as text.
 */
export const UNPRINTABLE: RegExp = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u

/**
 * Returns the commands that GitHub's runner finds in an output, by the rules of
 * github.com/actions/runner, src/Runner.Common/ActionCommand.cs. Lines end with LF, CR or both. A
 * line is a command if it begins, after blanks, with `::` (TryParseV2), or contains `##[`
 * (TryParse). This is a separate implementation on purpose, so that it shares no code with what is
 * tested.
 */
export function runnerCommands(output: string): readonly string[] {
  return output.split(/\r\n|\r|\n/).flatMap((line) => {
    const trimmed = line.replace(/^[\s\u0085]+/, '')
    if (trimmed.startsWith('::')) return [trimmed.slice(2).split(/[ :]/)[0] ?? '']
    return line.includes('##[') ? ['##['] : []
  })
}
