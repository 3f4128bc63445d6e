import { Option } from 'commander'
import type { InputName, InputSpec } from '../../rollout/inputs/input-table.ts'

/** Returns the flag of an input of the action. */
export function toOption(name: InputName, spec: InputSpec): Option {
  const fallback = spec.default === '' ? '' : ` (default: ${spec.default})`
  const about = `${spec.about}${fallback}`
  if (spec.kind === 'boolean') return new Option(`--${name} [true|false]`, about)
  const short = name === 'namespace' ? '-n, ' : ''
  return new Option(`${short}--${name} <${spec.kind === 'choice' ? spec.choices?.join('|') : spec.kind}>`, about)
}
