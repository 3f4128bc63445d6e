import type { AttachedPolicy, Ram } from '../../alibaba/ram.ts'
import { hasMark } from '../../policy/ram-names.ts'
import type { RoleFacts } from './cloud-facts.ts'
import type { CloudReader } from './cloud-reader.ts'

/** A role with its trust policy and all policies that are attached; `names` are those that ours can have, the likely one first. */
export async function readRole(
  ram: Ram,
  reader: CloudReader,
  role: { readonly name: string; readonly names: readonly string[] },
  signal: AbortSignal,
): Promise<RoleFacts> {
  const { name, names } = role
  const what = `role ${name}`
  const [found, list] = await Promise.all([
    reader.attempt(what, 'ram:GetRole', async () => (await ram.getRole(name, signal)) ?? null),
    reader.attempt(`policies of ${what}`, 'ram:ListPoliciesForRole', () => ram.listRolePolicies(name, signal)),
  ])
  const policyName = names.find((one) => list?.some(isOf(one))) ?? names[0] ?? ''
  const [attached, unattached] = await Promise.all([
    Promise.all((list ?? []).map((policy) => readAttached(ram, reader, policy, signal))),
    // Whether a policy of our name is there decides what the command says; without the right it says to make one.
    list?.some(isOf(policyName)) ? undefined : own(ram, reader, policyName, signal),
  ])
  const complete = attached.filter((one) => one !== undefined)
  const ownAttached = complete.find(isOf(policyName))
  return {
    role: found && { ...found, ours: hasMark(found.description) },
    attached: list !== undefined && complete.length === list.length ? complete : undefined,
    policyName,
    policy: ownAttached?.policy ?? unattached,
  }
}

const isOf =
  (policyName: string) =>
  ({ name, custom }: AttachedPolicy): boolean =>
    custom && name === policyName

type Attached = AttachedPolicy & { readonly document: string; readonly policy: RoleFacts['policy'] }

async function readAttached(
  ram: Ram,
  reader: CloudReader,
  { name, custom }: AttachedPolicy,
  signal: AbortSignal,
): Promise<Attached | undefined> {
  const read = custom ? ram.getPolicy : ram.getSystemPolicy
  const found = await reader.attempt(`policy ${name}`, 'ram:GetPolicy', () => read(name, signal))
  if (found === undefined) return undefined
  return { name, custom, document: found.document, policy: { ...found, ours: hasMark(found.description) } }
}

async function own(ram: Ram, reader: CloudReader, name: string, signal: AbortSignal): Promise<RoleFacts['policy']> {
  const found = await reader.attempt(`policy ${name}`, 'ram:GetPolicy', () => ram.getPolicy(name, signal))
  return found && { ...found, ours: hasMark(found.description) }
}
