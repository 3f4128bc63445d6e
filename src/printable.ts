// Control characters (C0, DEL, C1), format characters (bidi controls, invisible characters), lone
// surrogates, and the line and paragraph separators. The two joiners stay, because scripts and
// emoji need them and they are harmless.
const UNPRINTABLE = /[[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]--[\u200c\u200d]]/gv
const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

/**
 * Patterns of credentials in the messages of runtimes, registries, proxies and webhooks. The first
 * group, which precedes the credential, is kept. Every repetition has a limit, because a run of
 * millions of characters would overflow the stack of a regular expression.
 */
const CREDENTIALS: readonly RegExp[] = [
  // JSON Web Tokens.
  /(\b)eyJ[\w-]{10,20000}(?:\.[\w-]{0,20000}){0,4}/g,
  // The login of a URL, also percent-encoded, in the quotes of Go's parse errors, and in a proxy
  // variable. The placeholder in our own messages is not a login.
  /(:\\?\/\\?\/)(?!USER:PASSWORD@HOST)[^\s/?#"'\\<>:@]{0,500}:[^\s/?#"'\\<>]{0,2000}(?=@)/g,
  /(\bhttps?:\\?\/\\?\/)(?!USER:PASSWORD@HOST)[^\s/?#"'\\<>]{1,2000}(?=@)/g,
  /(%3A%2F%2F)(?:(?!%2F|%40)[\w.~%-]){1,500}%3A(?:(?!%2F|%40)[\w.~%-]){1,500}(?=%40)/gi,
  /(\bparse "[a-z]{1,10}:\/\/)[^"\s]{1,2000}(?=@)/gi,
  /(\bhttps?_proxy=)(?!https?:)[^\s/@"']{1,2000}(?=@)/gi,
  // Blobs are downloaded by a pre-signed URL. The URL's query is a credential while the URL is
  // valid. Its parameters:
  // https://help.aliyun.com/zh/oss/developer-reference/ddd-signatures-to-urls. Go writes `&` in
  // JSON as `\u0026`.
  /((?:[?&]|u0026|amp;|%3F|%26)(?:[\w.-]{0,40}(?:signature|token|secret|passw|credential|access-?key)[\w.-]{0,40}|sig|sign|key|auth|authorization)(?:=|%3D))(?!\(redacted)[^\s&"'\\#]{0,8000}[^\s&"'\\#:,;.)]/gi,
  // OSS's response to a wrong signature:
  // https://www.alibabacloud.com/help/en/oss/developer-reference/faq-24.
  /(<(?:SignatureProvided|OSSAccessKeyId|StringToSign(?:Bytes)?|SecurityToken)>)(?!\(redacted)[^<]{1,8000}/gi,
  // Private keys as PEM, then the same in base64, one prefix for each kind of key.
  /(-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----)(?!\(redacted)[^-"]{1,20000}/g,
  /(\bLS0tLS1CRUdJTi(?:BQUklWQVRF|BSU0EgUFJJVkFURS|BFQyBQUklWQVRF|BPUEVOU1NIIFBSSVZBVE|BFTkNSWVBURUQgUFJJVkFURS|BEU0EgUFJJVkFURS))[\w+/=]{1,20000}/g,
  // Logins in JSON: of registries (`.dockerconfigjson`), of STS and of OAuth. JSON inside a JSON
  // string has escaped quotes.
  /("(?:password|auth|identitytoken|registrytoken|access_?key_?secret|security_?token|(?:access|refresh|id)_token)\\{0,3}"\s{0,3}:\s{0,3}\\{0,3}")(?!\(redacted)[^"\\]{1,8000}/gi,
  // Headers.
  /(\bauthorization["'\\]{0,2}\s{0,3}[:=]\s{0,3}[["'\\]{0,3}(?:basic|bearer|token)\s{1,3})[\w.~+/=-]{8,8000}/gi,
  /(\bauthorization["'\\]{0,2}\s{0,3}[:=]\s{0,3}[["'\\]{0,3}(?:oss|acs|aws|digest)[\w-]{0,30}\s{1,3})(?!\(redacted)[^"'\]\r\n]{1,8000}/gi,
  /(\bauthorization=)(?!\(redacted)[^\s"'\\,;&]{1,8000}/gi,
  /(\b(?:basic|bearer)\s{1,3})(?=[\w.~+/=-]{0,8000}\d)[\w.~+/=-]{12,8000}/gi,
]

/**
 * Every match of {@link CREDENTIALS} contains one of these. Most texts contain none, and the helper
 * reads every text of its status after each write: without this test the patterns took a third of
 * the CPU of a simulated helper.
 */
const CREDENTIAL_MARK = /[@=<"]|%3[AD]|eyJ|-----BEGIN|LS0tLS1|authorization|basic|bearer/i

/** Redacts credentials that a node, a webhook, a registry or a program quotes. */
export function withoutCredentials(text: string): string {
  if (!CREDENTIAL_MARK.test(text)) return text
  return CREDENTIALS.reduce((left, pattern) => left.replaceAll(pattern, '$1(redacted)'), text)
}

/** Each further error begins on a line of its own. */
const WRONG_TYPE =
  /(\bexpected (?:string|boolean|any scalar|map|list), got )(?!\(redacted|nil\b)[^\n]{1,20000}(?:\n(?!\s{0,10}\.)[^\n]{0,20000}){0,200}/g

/**
 * Removes the quoted values from the API server's refusal of an object with values of a wrong type.
 * The object may be a Secret (typed/validate.go and helpers.go of
 * sigs.k8s.io/structured-merge-diff). Do not use this for JSON, because a value is removed up to
 * the end of its line.
 */
export function withoutWrongValues(text: string): string {
  return text.replaceAll(WRONG_TYPE, '$1(redacted)')
}

/**
 * Makes foreign text (of a cluster, a webhook, the cloud, a file, a program) safe to print: on one
 * line, without credentials. Characters that could move the cursor, colour, reorder, hide or break
 * a line become visible escapes. The escapes are those of JSON, so JSON stays valid and keeps its
 * values, except credentials.
 */
export function printable(text: string): string {
  return withoutCredentials(text).replaceAll(UNPRINTABLE, (found) => SHORT[found] ?? escapeUnits(found))
}

/** Like {@link printable} for a text with lines: line feeds and tabs stay. */
export function printableLines(text: string): string {
  return withoutCredentials(text).replaceAll(UNPRINTABLE, (found) =>
    found === '\n' || found === '\t' ? found : (SHORT[found] ?? escapeUnits(found)),
  )
}

/**
 * Escapes workflow commands. GitHub's runner runs a line as a command if the line begins with `::`
 * (after blanks) or contains `##[` (github.com/actions/runner, src/Runner.Common/ActionCommand.cs:
 * TryParseV2 and TryParse).
 */
export function withoutCommands(text: string): string {
  return text.replaceAll('##[', '##\\u005b').replaceAll(/^([^\S\r\n\u2028\u2029]*):(?=:)/gm, '$1\\u003a')
}

/**
 * Makes all texts and keys in plain lists and objects printable. Any other value is returned
 * unchanged.
 */
export function printableData<T>(value: T): T {
  if (typeof value === 'string') return printable(value) as T
  if (Array.isArray(value)) return value.map((item) => printableData(item)) as T
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [printable(key), printableData(item)])) as T
}

function escapeUnits(text: string): string {
  return text
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('')
}
