import type { Cursor } from '../cursor.ts'
import { quotable } from '../looks-secret.ts'
import type { ValuesError } from '../values-error.ts'

/** Variables that the chart sets itself. `CA_VARIABLE` is one of them only with `caBundle`. */
const OWN_VARIABLES: readonly string[] = ['POD_NAME', 'POD_NAMESPACE', 'POD_UID', 'POD_IP', 'NODE_NAME']
const CA_VARIABLE = 'NODE_EXTRA_CA_CERTS'
/**
 * Variables that load code, compiled code or options into the helper:
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

const OWN_VOLUMES: readonly unknown[] = ['config', 'token', 'oidc']
const OWN_PATHS: readonly string[] = [
  '/etc/acr-nopass/',
  '/var/run/secrets/kubernetes.io/serviceaccount/',
  '/var/run/secrets/acr-nopass/oidc/',
  // The program, its Node.js, and the files that the container runtime adds.
  '/app/',
  '/nodejs/',
  '/proc/',
  '/sys/',
  '/dev/',
]

/**
 * Refuses variables, volumes and mounts that weaken the helper or cover what it reads, like
 * chart/templates/_validation.tpl. The API server validates the rest of the Pod.
 */
export function checkPod(values: Cursor): ValuesError[] {
  const own = values.at('caBundle').value ? [...OWN_VARIABLES, CA_VARIABLE] : OWN_VARIABLES
  return [
    ...values.at('extraEnv').items.flatMap((item) => checkVariable(item.at('name'), own)),
    ...values.at('extraVolumes').items.flatMap((item) => checkVolume(item.at('name'))),
    ...values.at('extraVolumeMounts').items.flatMap((item) => checkMount(item.at('mountPath'))),
  ]
}

function checkVariable(name: Cursor, own: readonly string[]): ValuesError[] {
  if (name.text === undefined) return []
  const refuse = (why: string, hint = 'Remove it.'): ValuesError[] => {
    return [name.collision(`the variable \`${quotable(String(name.text))}\` in \`extraEnv\` ${why}`, hint)]
  }
  if (own.includes(name.text)) return refuse('is set by the chart itself')
  if (LOADING_VARIABLES.includes(name.text)) return refuse('can load code into the helper, or open it to a debugger')
  if (name.text === 'NODE_TLS_REJECT_UNAUTHORIZED') {
    return refuse('can switch off the verification of certificates', 'Remove it; `caBundle` adds authorities to trust.')
  }
  if (name.text !== 'NODE_DEBUG') return []
  return refuse('can write credentials into the log', 'Remove it; `logLevel: debug` shows more.')
}

function checkVolume(name: Cursor): ValuesError[] {
  if (!OWN_VOLUMES.includes(name.value)) return []
  return [name.collision(`the volume \`${name.shown}\` in \`extraVolumes\` is one of the chart's own`, 'Rename it.')]
}

function checkMount(place: Cursor): ValuesError[] {
  if (place.text === undefined) return []
  const path = `${place.text.replace(/\/$/, '')}/`
  const own = OWN_PATHS.find((one) => one.startsWith(path) || path.startsWith(one))
  if (own === undefined) return []
  const what = `the mount at ${place.shown} in \`extraVolumeMounts\``
  const message = `${what} would cover what the helper reads from ${own.slice(0, -1)}`
  return [place.collision(message, 'Choose another path.')]
}
