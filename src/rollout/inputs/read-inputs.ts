import { correctImageName } from '../../acr/image-name.ts'
import { NopassError } from '../../errors.ts'
import { parseGoDuration } from '../../lib/go-duration.ts'
import { withoutCredentials } from '../../printable.ts'
import { regionHint } from '../../values/checks/check-regions.ts'
import { REGIONS } from '../../values/checks/regions.ts'
import {
  CHECK_ONLY,
  INPUTS,
  type InputName,
  type InputSpec,
  type Inputs,
  LOGIN_ONLY,
  LOGIN_SHARED,
} from './input-table.ts'

/**
 * Parses the inputs as they were given, untrimmed. Undefined means the default. For most inputs, ''
 * means the default too.
 * @throws INPUT_INVALID, INPUT_CONFLICT
 */
export function readInputs(given: (name: InputName) => string | undefined): Inputs {
  const entries = Object.entries(INPUTS).map(([name, spec]) => {
    const text = given(name as InputName)
    if (text !== undefined && spec.isNeverEmpty) return [name, readNames(name, text)] as const
    return [name, readValue(name, spec, text?.trim() ? trimEnds(text) : spec.default)] as const
  })
  const inputs = Object.fromEntries(entries) as unknown as Inputs
  refuseConflicts(inputs)
  refuseRegion(inputs)
  refuseSessionName(inputs['role-session-name'])
  refuseName('release', inputs.release, { what: 'release', longest: 53 })
  refuseName('namespace', inputs.namespace, { what: 'namespace', longest: 63 })
  refuseName('verify-namespace', inputs['verify-namespace'], { what: 'namespace', longest: 63 })
  refuseImageName(inputs['verify-image'])
  return inputs
}

function readValue(name: string, spec: InputSpec, text: string): string | boolean | number | readonly string[] {
  switch (spec.kind) {
    case 'text':
      return text
    case 'duration':
      return readDuration(name, text)
    case 'list':
      return spec.isLimit && text !== '' ? readNames(name, text) : splitList(text)
    case 'boolean':
      return readBoolean(name, text)
    case 'integer':
      return readInteger(name, spec, text)
    case 'choice':
      if (spec.choices?.includes(text)) return text
      throw new NopassError('INPUT_INVALID', `${name}: "${text}" is not one of ${spec.choices?.join(', ')}`)
  }
}

/**
 * Trims the end, and the beginning of a single line. The first of several lines keeps its
 * indentation, because YAML compares it with the next line's.
 */
function trimEnds(text: string): string {
  const end = text.trimEnd()
  return end.trim().includes('\n') ? end.replace(/^(?:[^\S\n]*\n)+/, '').replace(/^[^\S \t]+/, '') : end.trim()
}

function splitList(text: string): readonly string[] {
  return text
    .split(/[\n,]/)
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '' && !entry.startsWith('#'))
}

function readNames(name: string, text: string): readonly string[] {
  const names = splitList(text)
  if (names.length > 0) return names
  throw new NopassError('INPUT_INVALID', `${name}: "${text}" names nothing`, {
    hint: `Check the expression that it comes from, such as \`matrix.name\`; for all entries leave \`${name}\` out.`,
  })
}

// Reads a duration. Without a time, Helm 3 fails immediately and Helm 4 uses a time of its own.
// Neither accepts a duration of more than 292 years.
function readDuration(name: string, text: string): string {
  const seconds = parseGoDuration(text, name)
  if (seconds >= 1 && seconds <= 86_400) return text
  throw new NopassError('INPUT_INVALID', `${name}: "${text}" is not a duration from 1s to 24h`)
}

// Accepts YAML 1.2's words, like the toolkit's getBooleanInput.
function readBoolean(name: string, text: string): boolean {
  if (/^(true|True|TRUE)$/.test(text)) return true
  if (/^(false|False|FALSE)$/.test(text)) return false
  throw new NopassError('INPUT_INVALID', `${name}: "${text}" is neither true nor false`)
}

function readInteger(name: string, spec: InputSpec, text: string): number {
  const { min = 0, max = Number.MAX_SAFE_INTEGER } = spec
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= min && value <= max) return value
  throw new NopassError('INPUT_INVALID', `${name}: "${text}" is not a whole number from ${min} to ${max}`)
}

const SINGLE_CLUSTER: readonly InputName[] = [
  'name',
  'ack-cluster-id',
  'region',
  'private-endpoint',
  'kubeconfig',
  'kube-context',
  'worker-roles',
]

/** Each input that selects how a cluster is reached, with the inputs that have no effect then. */
const OF_OTHER_ACCESS: readonly (readonly [InputName, readonly InputName[]])[] = [
  ['kubeconfig', ['ack-cluster-id', 'private-endpoint']],
  ['ack-cluster-id', ['kube-context']],
]

function refuseConflicts(inputs: Inputs): void {
  const isGiven = (name: InputName): boolean => String(inputs[name]) !== INPUTS[name].default
  const isLogin = inputs.mode === 'login'
  const ofOtherMode = (Object.keys(INPUTS) as InputName[]).find(
    (name) => isGiven(name) && isForOtherMode(name, inputs.mode),
  )
  if (ofOtherMode) throw conflict(ofOtherMode, `mode: ${inputs.mode}`)
  if (isGiven('clusters') && isGiven('clusters-file')) throw conflict('clusters', 'clusters-file')
  const list = isGiven('clusters') ? 'clusters' : isGiven('clusters-file') ? 'clusters-file' : undefined
  const single = SINGLE_CLUSTER.find(isGiven)
  if (list && single) {
    throw new NopassError('INPUT_CONFLICT', `${list} and ${single} exclude each other`, {
      hint: `Put ${single} into the entry of the list, or describe one cluster by the single-cluster inputs alone.`,
    })
  }
  for (const [access, names] of OF_OTHER_ACCESS) {
    const other = isGiven(access) ? names.find(isGiven) : undefined
    if (other) throw conflict(other, access)
  }
  if (isGiven('chart-version') && !inputs.chart.startsWith('oci://')) {
    throw new NopassError('INPUT_CONFLICT', 'chart-version needs a chart that starts with oci://')
  }
  // For a login, another role or an access key may assume the role too.
  if (!isLogin && isGiven('role-to-assume') && !isGiven('oidc-provider-arn')) {
    throw new NopassError('INPUT_MISSING', '`role-to-assume` needs `oidc-provider-arn`')
  }
  for (const name of ['verify-image', 'verify-namespace'] as const) {
    if (isGiven(name) && !inputs.verify) throw conflict(name, 'verify: false')
    if (isGiven(name) && !inputs.wait) throw conflict(name, 'wait: false')
  }
  if (isGiven('plan-file') && !(inputs.mode === 'plan' || inputs.mode === 'apply'))
    throw conflict('plan-file', `mode: ${inputs.mode}`)
}

/** A login changes no cluster, only a login has registries, and only a check has a verdict. */
function isForOtherMode(name: InputName, mode: Inputs['mode']): boolean {
  const isOnlyOfLogin = LOGIN_ONLY.some((one) => one === name)
  const isOnlyOfCheck = CHECK_ONLY.some((one) => one === name)
  if (mode === 'login') return name !== 'mode' && !isOnlyOfLogin && !LOGIN_SHARED.some((one) => one === name)
  return isOnlyOfLogin || (isOnlyOfCheck && mode !== 'check')
}

/**
 * Refuses an unknown region. With `endpoints`, the region may be another cloud's.
 * @throws INPUT_INVALID
 */
function refuseRegion({ region, endpoints }: Inputs): void {
  if (region === '' || endpoints !== '' || REGIONS.includes(region)) return
  throw new NopassError('INPUT_INVALID', `region: Alibaba Cloud has no region "${region}"`, {
    hint: regionHint(region, '`endpoints`'),
  })
}

/**
 * https://www.alibabacloud.com/help/en/ram/developer-reference/api-sts-2015-04-01-assumerolewithoidc
 */
function refuseSessionName(name: string): void {
  if (name === '' || /^[A-Za-z0-9.@_-]{2,64}$/.test(name)) return
  throw new NopassError('INPUT_INVALID', `role-session-name: "${name}" is not 2 to 64 letters, digits and . @ - _`)
}

function refuseImageName(name: string): void {
  const hint = name === '' ? undefined : correctImageName(name)
  if (hint === undefined) return
  throw new NopassError('INPUT_INVALID', `verify-image: "${withoutCredentials(name)}" is not the name of an image`, {
    hint,
  })
}

/** Checks a name by the same rules as the schema of the clusters list. */
export function refuseName(
  input: InputName,
  name: string,
  rule: { readonly what: string; readonly longest: number },
): void {
  if (name === '' || (name.length <= rule.longest && /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(name))) return
  throw new NopassError('INPUT_INVALID', `${input}: "${name}" is not the name of a ${rule.what}`, {
    hint: `Use lower-case letters, digits and hyphens, at most ${rule.longest} of them.`,
  })
}

function conflict(one: string, other: string): NopassError {
  return new NopassError('INPUT_CONFLICT', `${one} and ${other} exclude each other`)
}
