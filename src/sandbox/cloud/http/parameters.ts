import { ApiError } from '../api-error.ts'
import type { Operation, ParameterRule } from '../operation.ts'

/** Checks a call's parameters against its row; throws Missing<Name> or the rule's own code, HTTP 400. */
export function checkParameters(operation: Operation, get: (name: string) => string | undefined): void {
  for (const [name, rule] of Object.entries(operation.parameters ?? {})) {
    const value = get(name)
    if (value === undefined || value === '') {
      if (rule.required) throw new ApiError(400, `Missing${name}`, `${name} is mandatory for this action.`)
    } else checkValue(name, value, rule)
  }
}

function checkValue(name: string, value: string, rule: ParameterRule): void {
  const wrong = (code: string): ApiError => new ApiError(400, code, `The specified parameter ${name} is not valid.`)
  const code = rule.code ?? `Invalid${name}`
  if (rule.maxBytes !== undefined && Buffer.byteLength(value) > rule.maxBytes) throw wrong(rule.lengthCode ?? code)
  if (rule.pattern !== undefined && !rule.pattern.test(value)) throw wrong(code)
  if (rule.oneOf !== undefined && !rule.oneOf.includes(value)) throw wrong(code)
  if (rule.integer === undefined) return
  const [least, most] = rule.integer
  const number = Number(value)
  if (!Number.isInteger(number) || number < least || number > most) throw wrong(code)
}
