import type { ParameterRule } from '../operation.ts'

/**
 * RAM's rule for the name of an entity. Source of all rules in this file: RAM, "Limits" and "Error
 * codes".
 */
const nameRule = (maxBytes: number, chars: string): ParameterRule => {
  return { required: true, pattern: new RegExp(`^[${chars}]+$`), maxBytes }
}

export const POLICY = { PolicyName: nameRule(128, 'A-Za-z0-9-') }
export const TYPED_POLICY = { ...POLICY, PolicyType: { required: true, oneOf: ['System', 'Custom'] } }
export const ROLE = { RoleName: nameRule(64, 'A-Za-z0-9.-') }
export const USER = { UserName: nameRule(64, 'A-Za-z0-9._-') }
export const POLICY_DOCUMENT: ParameterRule = { required: true, maxBytes: 6144 }
export const DESCRIPTION: ParameterRule = { maxBytes: 1024 }
export const SESSION_SECONDS: ParameterRule = { integer: [3600, 43_200] }
export const TRUST_DOCUMENT: ParameterRule = { maxBytes: 4096 }
