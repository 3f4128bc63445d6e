export interface Challenge {
  /** Lower case: `bearer`, `basic`. */
  readonly scheme: string
  readonly parameters: Readonly<Record<string, string | undefined>>
}

/** Real ones have about 200 characters. */
const LONGEST = 4096

/** The first challenge of a `WWW-Authenticate` header (RFC 9110 11.6.1), as registries send it. */
export function parseChallenge(header: string | undefined): Challenge | undefined {
  const match = header !== undefined && header.length <= LONGEST ? /^\s*([A-Za-z]+)\s*(.*)$/s.exec(header) : null
  if (match === null) return undefined
  const [, scheme = '', rest = ''] = match
  const parameters: Record<string, string> = {}
  for (const [, name = '', quoted, plain] of rest.matchAll(
    /(?<![A-Za-z_])([A-Za-z_]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))/g,
  )) {
    parameters[name.toLowerCase()] ??= quoted === undefined ? (plain ?? '') : quoted.replace(/\\(.)/g, '$1')
  }
  return { scheme: scheme.toLowerCase(), parameters }
}
