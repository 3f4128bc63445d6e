/** Forms of secrets, which are recognized under any key. */
const FORMS: readonly { readonly what: string; readonly pattern: RegExp }[] = [
  { what: 'an AccessKey ID', pattern: /\b(LTAI|STS\.)[A-Za-z0-9]{12,}/ },
  { what: 'a private key', pattern: /-----BEGIN [A-Z ]*PRIVATE KEY-----/ },
  { what: 'a password in an address', pattern: /:\/\/[^/\s:@]+:[^/\s:@]+@/ },
  { what: 'a login of a registry', pattern: /"auths"\s*:/ },
]
const KEYS = /secret|token|passw|pwd|passphrase|private|accesskey|api-?key|externalid|cabundle|credential/i
/** Texts that may contain a secret although they do not have a form of `FORMS`. */
const PARTS: readonly RegExp[] = [
  // A key and its value in one text. To YAML, `password:x` without a space is one text.
  new RegExp(`(?:${KEYS.source})[\\w-]{0,60}["']?[\\s:=]`, 'i'),
  // The login in an address without a scheme, but not the digest of an image.
  /[^\s/]@(?!sha\d+:)/,
  // `-----BEGIN` in base64.
  /LS0tLS1CRUdJTi/,
]

/**
 * Returns the kind of secret that a text looks like by its form. Undefined if it looks like none.
 */
export function secretForm(text: string): string | undefined {
  return FORMS.find(({ pattern }) => pattern.test(text))?.what
}

/** Returns a text of a file for a message. `…` if its form or its content suggests a secret. */
export function quotable(text: string): string {
  return secretForm(text) === undefined && !PARTS.some((part) => part.test(text)) ? text : HIDDEN
}

/** Replaces a text that must not be shown. */
export const HIDDEN = '…'

/** Keys whose values are names or labels of Secrets, not secrets. */
const ABOUT_SECRETS: readonly string[] = ['secretName', 'imagePullSecrets', 'secretLabels']
/** Keys under which users may put any text. */
const ANY_TEXT: readonly string[] = ['extraEnv', 'extraObjects', 'podAnnotations']

/** True if any of the keys around a value suggests a secret. */
export function isSecretPlace(keys: readonly (string | number)[]): boolean {
  return keys.some((key) => {
    if (typeof key === 'number' || ABOUT_SECRETS.includes(key)) return false
    return ANY_TEXT.includes(key) || KEYS.test(key)
  })
}
