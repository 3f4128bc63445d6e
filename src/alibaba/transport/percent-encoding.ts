export type Parameters = Readonly<Record<string, string | number | boolean | undefined>>

/** RFC 3986 encoding as Alibaba signs it: everything but unreserved characters, also `!'()*`. */
function percentEncode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

/** Parameters in canonical order and encoding: signed, and sent, in the same form. Undefined ones are left out. */
export function canonicalQuery(parameters: Parameters): string {
  return Object.keys(parameters)
    .filter((name) => parameters[name] !== undefined)
    .sort()
    .map((name) => `${percentEncode(name)}=${percentEncode(String(parameters[name]))}`)
    .join('&')
}
