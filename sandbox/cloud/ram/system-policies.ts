import { emptyRam, type Policy, type RamState } from '../state.ts'
import { addPolicy, findEntity } from './entities.ts'

/** The system policies that users of acr-nopass are likely to use; their resource is `*`. */
const ACTIONS: Readonly<Record<string, readonly string[]>> = {
  AdministratorAccess: ['*'],
  ReadOnlyAccess: ['*:Describe*', '*:List*', '*:Get*', '*:Query*', '*:BatchGet*'],
  AliyunSTSAssumeRoleAccess: ['sts:AssumeRole'],
  AliyunRAMFullAccess: ['ram:*'],
  AliyunRAMReadOnlyAccess: ['ram:Get*', 'ram:List*'],
  AliyunCSFullAccess: ['cs:*'],
  AliyunCSReadOnlyAccess: ['cs:Get*', 'cs:List*', 'cs:Describe*'],
  AliyunContainerRegistryFullAccess: ['cr:*'],
  AliyunContainerRegistryReadOnlyAccess: ['cr:Get*', 'cr:List*', 'cr:PullRepository'],
  AliyunCSManagedAcrRolePolicy: ['cr:GetAuthorizationToken', 'cr:ListInstanceEndpoint', 'cr:PullRepository'],
}

const system = emptyRam()
for (const [name, Action] of Object.entries(ACTIONS)) {
  const document = JSON.stringify({ Version: '1', Statement: [{ Effect: 'Allow', Action, Resource: ['*'] }] })
  addPolicy(system, 0, document, { name, type: 'System' })
}

/** Finds a custom policy of an account or a system policy. @throws EntityNotExist.Policy (404) */
export function findPolicy(ram: RamState, name: string, type: string): Policy {
  return findEntity(type === 'System' ? system : ram, 'Policy', name)
}
