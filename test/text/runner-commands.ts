/**
 * What may reach no terminal, log, page or object: everything but text (two joiners that scripts
 * need are text).
 */
export const UNPRINTABLE: RegExp = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u

/**
 * The commands that a runner of GitHub finds in an output, by the rules of
 * github.com/actions/runner, src/Runner.Common/ActionCommand.cs: lines end with LF, CR or both; a
 * line that begins, after blanks, with `::` (TryParseV2), or has `##[` anywhere (TryParse), is one.
 * Written here again on purpose: it shares nothing with what is tested.
 */
export function runnerCommands(output: string): readonly string[] {
  return output.split(/\r\n|\r|\n/).flatMap((line) => {
    const trimmed = line.replace(/^[\s\u0085]+/, '')
    if (trimmed.startsWith('::')) return [trimmed.slice(2).split(/[ :]/)[0] ?? '']
    return line.includes('##[') ? ['##['] : []
  })
}
