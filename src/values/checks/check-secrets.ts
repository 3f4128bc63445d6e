import lists from '../../../schemas/chart-lists.json' with { type: 'json' }
import type { Cursor } from '../cursor.ts'
import { secretForm } from '../looks-secret.ts'
import type { ValuesError } from '../values-error.ts'

/**
 * Refuses a name of the pull secret that tutorials, other tools and the vendor's add-on use, or
 * that is the name of a Secret the helper reads.
 */
export function checkSecretName(values: Cursor): ValuesError[] {
  const own = values.at('secretName')
  const { text: name } = own
  if (name === undefined) return []
  const isCommon = lists.commonSecretNames.includes(name) || /^acr-credential-/.test(name)
  const taken = `\`secretName\` is "${name}", a name that others commonly use`
  const details = { value: name, expected: 'a name of its own, such as acr-nopass' }
  const isRefused = isCommon && values.at('adopt').value !== true
  const common = isRefused ? [own.error('VALUES_SECRET_NAME', taken, details)] : []
  const message = `the Secret "${own.shown}" is read here and is also the pull secret (\`secretName\`), which the helper overwrites`
  const read = [values.at('identity', 'accessKey'), ...values.at('registries').items]
    .map((source) => source.at('existingSecret'))
    .filter(({ text }) => text === name)
  return [...common, ...read.map((source) => source.collision(message, 'Give one of the two Secrets another name.'))]
}

const SECRET_KEY = /^(password|passwd|accessKeySecret|accessKeyId|securityToken|secretKey|token)$/i

/** Finds secrets in the user's files under any key. The error never shows the value. */
export function checkSecrets(given: Cursor): ValuesError[] {
  const inside = [...given.items, ...given.members].flatMap(checkSecrets)
  const { text, path, key } = given
  if (!text) return inside
  const found = secretForm(text)
  const byKey = SECRET_KEY.test(key) && !path.includes('extraObjects')
  if (found === undefined && !byKey) return []
  const message = `\`${given.name}\` holds what looks like ${found ?? 'a secret by its key'}`
  return [given.error('VALUES_SECRET_INSIDE', message, { hideLine: true })]
}
