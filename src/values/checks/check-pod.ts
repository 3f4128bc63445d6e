import lists from '../../../schemas/chart-lists.json' with { type: 'json' }
import { amountOf } from '../../lib/quantity.ts'
import type { Cursor } from '../cursor.ts'
import { quotable } from '../looks-secret.ts'
import type { ValuesError } from '../values-error.ts'

/**
 * `loadingVariables` load code, compiled code or options into the helper:
 * https://nodejs.org/docs/latest-v24.x/api/cli.html#environment-variables_1, ld.so(8),
 * https://docs.openssl.org/3.0/man7/openssl-env/ (a configuration of OpenSSL can name a library of
 * a provider). `NODE_EXTRA_CA_CERTS` only adds authorities, as `caBundle` does. `ownPaths` has the
 * program, its Node.js, and the files that the container runtime adds.
 */
const { ownVariables, loadingVariables, ownVolumes, ownPaths } = lists
/** A variable that the chart sets only with `caBundle`. */
const CA_VARIABLE = 'NODE_EXTRA_CA_CERTS'

/**
 * Refuses variables, volumes and mounts that weaken the helper or cover what it reads, and requests
 * above their limits, like chart/templates/_validation.tpl. The API server validates the rest of
 * the Pod.
 */
export function checkPod(values: Cursor): ValuesError[] {
  const own = values.at('caBundle').value ? [...ownVariables, CA_VARIABLE] : ownVariables
  return [
    ...values.at('extraEnv').items.flatMap((item) => checkVariable(item.at('name'), own)),
    ...values.at('extraVolumes').items.flatMap((item) => checkVolume(item.at('name'))),
    ...values.at('extraVolumeMounts').items.flatMap((item) => checkMount(item.at('mountPath'))),
    ...checkResources(values.at('resources')),
  ]
}

function checkVariable(name: Cursor, own: readonly string[]): ValuesError[] {
  if (name.text === undefined) return []
  const refuse = (why: string, hint = 'Remove it.'): ValuesError[] => {
    return [name.collision(`the variable \`${quotable(String(name.text))}\` in \`extraEnv\` ${why}`, hint)]
  }
  if (own.includes(name.text)) return refuse('is set by the chart itself')
  if (loadingVariables.includes(name.text)) return refuse('can load code into the helper, or open it to a debugger')
  if (name.text === 'NODE_TLS_REJECT_UNAUTHORIZED') {
    return refuse('can switch off the verification of certificates', 'Remove it; `caBundle` adds authorities to trust.')
  }
  if (name.text !== 'NODE_DEBUG') return []
  return refuse('can write credentials into the log', 'Remove it; `logLevel: debug` shows more.')
}

function checkVolume(name: Cursor): ValuesError[] {
  if (!ownVolumes.includes(name.text ?? '')) return []
  return [name.collision(`the volume \`${name.shown}\` in \`extraVolumes\` is one of the chart's own`, 'Rename it.')]
}

function checkMount(place: Cursor): ValuesError[] {
  if (place.text === undefined) return []
  const path = `${place.text.replace(/\/$/, '')}/`
  const own = ownPaths.find((one) => one.startsWith(path) || path.startsWith(one))
  if (own === undefined) return []
  const what = `the mount at ${place.shown} in \`extraVolumeMounts\``
  const message = `${what} would cover what the helper reads from ${own.slice(0, -1)}`
  return [place.collision(message, 'Choose another path.')]
}

/**
 * Before a first installation the API server cannot judge this in a dry run, because the namespace
 * does not exist.
 */
function checkResources(resources: Cursor): ValuesError[] {
  return resources.at('requests').members.flatMap((request) => {
    const limit = resources.at('limits', request.key)
    const [wanted, allowed] = [amountOf(request.value), amountOf(limit.value)]
    if (wanted === undefined || allowed === undefined || wanted <= allowed) return []
    const which = request.isDefault ? 'the default ' : ''
    const message = `\`${request.name}\` is ${which}${request.shown}, more than its limit ${limit.shown}`
    const place = request.isDefault ? limit : request
    return [
      place.error('VALUES_COLLISION', message, { hint: `Lower \`${request.name}\`, or raise \`${limit.name}\`.` }),
    ]
  })
}
