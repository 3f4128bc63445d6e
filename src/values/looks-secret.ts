/** What a secret looks like, under any key. */
const FORMS: readonly { readonly what: string; readonly pattern: RegExp }[] = [
  { what: 'an AccessKey ID', pattern: /\b(LTAI|STS\.)[A-Za-z0-9]{12,}/ },
  { what: 'a private key', pattern: /-----BEGIN [A-Z ]*PRIVATE KEY-----/ },
  { what: 'a password in an address', pattern: /:\/\/[^/\s:@]+:[^/\s:@]+@/ },
  { what: 'a login of a registry', pattern: /"auths"\s*:/ },
]
const KEYS = /secret|token|passw|pwd|passphrase|private|accesskey|api-?key|externalid|cabundle|credential/i

/** What secret a text looks like by its form; undefined: none. */
export function secretForm(text: string): string | undefined {
  return FORMS.find(({ pattern }) => pattern.test(text))?.what
}

/** Whether the value of a key may be a secret. The name of a Secret is none. */
export function isSecretKey(key: string): boolean {
  return KEYS.test(key) && key !== 'secretName'
}
