import { type Cursor, repeated } from '../cursor.ts'
import { quotable } from '../looks-secret.ts'
import type { ValuesError } from '../values-error.ts'
import { checkScheduling } from './check-scheduling.ts'

/** Variables that the chart sets itself; the last one only with `caBundle`. */
const OWN_VARIABLES: readonly string[] = ['POD_NAME', 'POD_NAMESPACE', 'POD_UID', 'POD_IP', 'NODE_NAME']
/**
 * They load code, compiled code or options into the helper:
 * https://nodejs.org/docs/latest-v24.x/api/cli.html#environment-variables_1, ld.so(8),
 * https://docs.openssl.org/3.0/man7/openssl-env/ (a configuration of OpenSSL can name a library of
 * a provider). `NODE_EXTRA_CA_CERTS` only adds authorities, as `caBundle` does.
 */
const LOADING_VARIABLES: readonly string[] = [
  'NODE_OPTIONS',
  'NODE_PATH',
  'NODE_COMPILE_CACHE',
  'LD_PRELOAD',
  'LD_LIBRARY_PATH',
  'LD_AUDIT',
  'OPENSSL_CONF',
  'OPENSSL_MODULES',
  'OPENSSL_ENGINES',
]
const CA_VARIABLE = 'NODE_EXTRA_CA_CERTS'

/** What the API server refuses in the helper's Pod: those of chart/templates/_validation.tpl. */
export function checkPod(values: Cursor): ValuesError[] {
  return [
    ...variables(
      values.at('extraEnv').items,
      values.at('caBundle').value ? [...OWN_VARIABLES, CA_VARIABLE] : OWN_VARIABLES,
    ),
    ...checkScheduling(values),
    ...checkResources(values.at('resources')),
    ...twice(values.at('hostAliases'), 'ip'),
    ...twice(values.at('imagePullSecrets'), 'name'),
    ...seccomp(values.at('podSecurityContext', 'seccompProfile')),
  ]
}

function variables(list: readonly Cursor[], own: readonly string[]): ValuesError[] {
  const again = repeated(list, (item) => item.at('name').text)
  return list.flatMap((item) => {
    const name = item.at('name')
    if (name.text === undefined) return []
    const what = `the variable \`${quotable(name.text)}\` in \`extraEnv\``
    if (LOADING_VARIABLES.includes(name.text)) {
      return [name.collision(`${what} can load code into the helper, or open it to a debugger`, 'Remove it.')]
    }
    if (name.text === 'NODE_TLS_REJECT_UNAUTHORIZED') {
      const message = `${what} can switch off the verification of certificates`
      return [name.collision(message, 'Remove it; `caBundle` adds authorities to trust.')]
    }
    if (name.text === 'NODE_DEBUG') {
      return [name.collision(`${what} can write credentials into the log`, 'Remove it; `logLevel: debug` shows more.')]
    }
    const source = item.at('valueFrom')
    if (item.at('value').text && source.node !== undefined) {
      return [source.refused(`${what} has both \`value\` and \`valueFrom\``, 'Keep one of the two.')]
    }
    const isOwn = own.includes(name.text)
    if (!isOwn && !again.includes(item)) return []
    return [name.collision(`${what} ${isOwn ? 'is set by the chart itself' : 'is there twice'}`, 'Remove it.')]
  })
}

/** Lists of a Pod whose entries are merged by this key when they are applied. */
function twice(list: Cursor, key: string): ValuesError[] {
  return repeated(list.items, (item) => item.at(key).text).map((item) => {
    const own = item.at(key)
    return own.collision(`\`${list.name}\` has ${own.shown} twice`, 'Remove one of the two.')
  })
}

function seccomp(profile: Cursor): ValuesError[] {
  const [file, type] = [profile.at('localhostProfile'), profile.at('type')]
  const hasFile = file.node !== undefined && file.value !== null
  if (type.value === 'Localhost' && !hasFile) {
    return [type.refused('`type: Localhost` needs `localhostProfile`', 'Add the file of the profile.')]
  }
  if (type.value === 'Localhost' || !hasFile) return []
  return [file.refused('`localhostProfile` needs `type: Localhost`', 'Write that type, or remove the file.')]
}

/** Amounts that the API server refuses in the helper's requests and limits. */
function checkResources(resources: Cursor): ValuesError[] {
  const [limits, requests] = [resources.at('limits'), resources.at('requests')]
  return [
    ...limits.members.flatMap(parts),
    ...requests.members.flatMap(parts),
    ...requests.members.flatMap((request) => aboveLimit(request, limits.at(request.key))),
  ]
}

/** A device or the like: of a vendor's domain, not of Kubernetes' own. */
const isExtended = (resource: string): boolean => resource.includes('/') && !resource.includes('kubernetes.io/')

function parts(amount: Cursor): ValuesError[] {
  const number = quantityOf(amount)
  if (!isExtended(amount.key) || number === undefined || Number.isInteger(number)) return []
  return [amount.refused(`${quotable(amount.key)} is counted in whole numbers`, 'Write a whole number.')]
}

function aboveLimit(request: Cursor, limit: Cursor): ValuesError[] {
  const [amount, most] = [quantityOf(request), quantityOf(limit)]
  if (isExtended(request.key) && most !== amount) {
    const message = `the request and the limit of ${quotable(request.key)} must be equal`
    return [request.refused(message, 'Write the same amount in both, or the limit alone.')]
  }
  if (amount === undefined || most === undefined || amount <= most) return []
  // Where the request is the chart's own, the limit is what the user wrote.
  const own = request.isDefault ? limit : request
  const message = `\`${request.name}\` (${request.value}) is above \`${limit.name}\` (${limit.value})`
  return [own.refused(message, 'Raise the limit, or lower the request.')]
}

const FACTORS: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
}

function quantityOf({ value }: Cursor): number | undefined {
  const form = /^\+?((?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?)([numkMGTPE]|[KMGTPE]i)?$/
  const [, digits, unit = ''] = form.exec(String(value)) ?? []
  return digits === undefined ? undefined : Number(digits) * (FACTORS[unit] ?? 1)
}
