import { collision, refused, type ValuesError } from '../values-error.ts'
import { child, is, items, lookup, type MapNode, text } from '../yaml/yaml-node.ts'
import { checkResources } from './check-resources.ts'
import { checkScheduling } from './check-scheduling.ts'

/** Variables that the chart sets itself; the last one only with `caBundle`. */
const OWN_VARIABLES: readonly string[] = ['POD_NAME', 'POD_NAMESPACE', 'POD_UID', 'POD_IP', 'NODE_NAME']
const CA_VARIABLE = 'NODE_EXTRA_CA_CERTS'

/** What the API server refuses in the helper's Pod: those of chart/templates/_validation.tpl. */
export function checkPod(values: MapNode): ValuesError[] {
  return [
    ...variables(values),
    ...checkScheduling(values),
    ...checkResources(values),
    ...twice(values, 'hostAliases', 'ip'),
    ...twice(values, 'imagePullSecrets', 'name'),
    ...seccomp(values),
  ]
}

function variables(values: MapNode): ValuesError[] {
  const caBundle = child(values, 'caBundle')
  const hasBundle = caBundle?.kind === 'scalar' && caBundle.value !== '' && caBundle.value !== null
  const own = hasBundle ? [...OWN_VARIABLES, CA_VARIABLE] : OWN_VARIABLES
  const seen = new Set<string>()
  return items(child(values, 'extraEnv')).flatMap((item, index) => {
    const name = text(child(item, 'name'))
    if (name === undefined) return []
    if (name === 'NODE_TLS_REJECT_UNAUTHORIZED') {
      const message = `the variable \`${name}\` in \`extraEnv\` can switch off the verification of certificates`
      const hint = 'Remove it; `caBundle` adds authorities to trust.'
      return [collision(item, ['extraEnv', index, 'name'], message, hint)]
    }
    const value = text(child(item, 'value'))
    const source = child(item, 'valueFrom')
    if (value !== undefined && value !== '' && source !== undefined) {
      const message = `the variable \`${name}\` in \`extraEnv\` has both \`value\` and \`valueFrom\``
      return [refused(source, ['extraEnv', index, 'valueFrom'], message, 'Keep one of the two.')]
    }
    const isOwn = own.includes(name)
    if (!isOwn && !seen.has(name)) {
      seen.add(name)
      return []
    }
    const why = isOwn ? 'is set by the chart itself' : 'is there twice'
    return [
      collision(item, ['extraEnv', index, 'name'], `the variable \`${name}\` in \`extraEnv\` ${why}`, 'Remove it.'),
    ]
  })
}

/** Lists of a Pod whose entries are merged by this key when they are applied. */
function twice(values: MapNode, list: string, key: string): ValuesError[] {
  const seen = new Set<string>()
  return items(child(values, list)).flatMap((item, index) => {
    const value = text(child(item, key))
    if (value === undefined || !seen.has(value)) {
      if (value !== undefined) seen.add(value)
      return []
    }
    return [collision(item, [list, index, key], `\`${list}\` has ${value} twice`, 'Remove one of the two.')]
  })
}

function seccomp(values: MapNode): ValuesError[] {
  const path = ['podSecurityContext', 'seccompProfile']
  const profile = lookup(values, path)
  if (profile?.kind !== 'map') return []
  const [file, type] = [child(profile, 'localhostProfile'), child(profile, 'type')]
  const hasFile = file !== undefined && !is(file, null)
  if (type !== undefined && is(type, 'Localhost') && !hasFile) {
    const message = '`type: Localhost` needs `localhostProfile`'
    return [refused(type, [...path, 'type'], message, 'Add the file of the profile.')]
  }
  if (is(type, 'Localhost') || !hasFile) return []
  const message = '`localhostProfile` needs `type: Localhost`'
  return [refused(file, [...path, 'localhostProfile'], message, 'Write that type, or remove the file.')]
}
