import type { Call, ParameterRule } from '../operation.ts'
import { MAX_POLICY_BYTES } from './lookup.ts'

/** RAM's rule for the name of an entity. Source of this and the rules below: RAM, "Limits" and "Error codes". */
const nameRule = (name: string, maxBytes: number, chars: string): ParameterRule => ({
  required: true,
  pattern: new RegExp(`^[${chars}]+$`),
  maxBytes,
  code: `InvalidParameter.${name}.InvalidChars`,
  lengthCode: `InvalidParameter.${name}.Length`,
})

export const POLICY_NAME: ParameterRule = nameRule('PolicyName', 128, 'A-Za-z0-9-')
export const ROLE_NAME: ParameterRule = nameRule('RoleName', 64, 'A-Za-z0-9.-')
export const USER_NAME: ParameterRule = nameRule('UserName', 64, 'A-Za-z0-9._-')
export const POLICY_TYPE: ParameterRule = {
  required: true,
  oneOf: ['System', 'Custom'],
  code: 'InvalidParameter.PolicyType',
}
export const POLICY_DOCUMENT: ParameterRule = {
  required: true,
  maxBytes: MAX_POLICY_BYTES,
  lengthCode: 'InvalidParameter.PolicyDocument.Length',
}
export const DESCRIPTION: ParameterRule = { maxBytes: 1024, lengthCode: 'InvalidParameter.Description.Length' }
export const SESSION_SECONDS: ParameterRule = { integer: [3600, 43_200], code: 'InvalidParameter.MaxSessionDuration' }
export const TRUST_DOCUMENT: ParameterRule = {
  required: true,
  maxBytes: 4096,
  lengthCode: 'InvalidParameter.AssumeRolePolicyDocument.Length',
}

export const policyResource = (call: Call): readonly string[] => {
  const owner = call.get('PolicyType') === 'System' ? 'system' : call.account.id
  return [`acs:ram:*:${owner}:policy/${call.need('PolicyName')}`]
}
export const roleResource = (call: Call): readonly string[] => [
  `acs:ram:*:${call.account.id}:role/${call.need('RoleName')}`,
]
export const userResource = (call: Call): readonly string[] => [
  `acs:ram:*:${call.account.id}:user/${call.need('UserName')}`,
]
