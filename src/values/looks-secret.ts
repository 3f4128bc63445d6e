/** What a secret looks like, under any key. */
const FORMS: readonly { readonly what: string; readonly pattern: RegExp }[] = [
  { what: 'an AccessKey ID', pattern: /\b(LTAI|STS\.)[A-Za-z0-9]{12,}/ },
  { what: 'a private key', pattern: /-----BEGIN [A-Z ]*PRIVATE KEY-----/ },
  { what: 'a password in an address', pattern: /:\/\/[^/\s:@]+:[^/\s:@]+@/ },
  { what: 'a login of a registry', pattern: /"auths"\s*:/ },
]
const KEYS = /secret|token|passw|pwd|passphrase|private|accesskey|api-?key|externalid|cabundle|credential/i
/** What may hold a secret without the form of one. */
const PARTS: readonly RegExp[] = [
  // A key and its value in one text: `password:x` without a space is that to YAML.
  new RegExp(`(?:${KEYS.source})[\\w-]{0,60}["']?[\\s:=]`, 'i'),
  // The login of an address without a scheme; not the digest of an image.
  /[^\s/]@(?!sha\d+:)/,
  // `-----BEGIN` in base64.
  /LS0tLS1CRUdJTi/,
]

/** What secret a text looks like by its form; undefined: none. */
export function secretForm(text: string): string | undefined {
  return FORMS.find(({ pattern }) => pattern.test(text))?.what
}

/** A text of a file for a message; `…` if it may hold a secret, by its form or by what is in it. */
export function quotable(text: string): string {
  return secretForm(text) === undefined && !PARTS.some((part) => part.test(text)) ? text : HIDDEN
}

/** Stands for what must not be shown. */
export const HIDDEN = '…'

/** Keys of names and labels of Secrets. */
const ABOUT_SECRETS: readonly string[] = ['secretName', 'imagePullSecrets', 'secretLabels']
/** Under these keys users put any text. */
const ANY_TEXT: readonly string[] = ['extraEnv', 'extraObjects', 'podAnnotations']

/** Whether a value may be a secret, by any of the keys around it. */
export function isSecretPlace(keys: readonly (string | number)[]): boolean {
  return keys.some((key) => {
    if (typeof key === 'number' || ABOUT_SECRETS.includes(key)) return false
    return ANY_TEXT.includes(key) || KEYS.test(key)
  })
}
