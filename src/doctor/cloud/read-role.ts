import { type AttachedPolicy, createRam } from '../../alibaba/ram.ts'
import { hasMark } from '../../policy/ram-names.ts'
import type { CloudReader } from './cloud-reader.ts'

/** A role; undefined parts could not be read. */
export type RoleFacts = Awaited<ReturnType<typeof readRole>>

/**
 * A role with its trust policy and all policies that are attached; `names` are those that ours can
 * have, the likely one first.
 */
export async function readRole(reader: CloudReader, name: string, names: readonly string[]) {
  const ram = createRam(reader.at('ram'))
  const what = `role ${name}`
  const [found, list] = await Promise.all([
    reader.attempt(what, 'ram:GetRole', async () => (await ram.getRole(name)) ?? null),
    reader.attempt(`policies of ${what}`, 'ram:ListPoliciesForRole', () => ram.listRolePolicies(name)),
  ])
  const readPolicy = async ({ name, custom }: AttachedPolicy) => {
    const read = custom ? ram.getPolicy : ram.getSystemPolicy
    const policy = await reader.attempt(`policy ${name}`, 'ram:GetPolicy', () => read(name))
    return policy && { ...policy, ours: hasMark(policy.description) }
  }
  const policyName = names.find((one) => list?.some(isOf(one))) ?? names[0] ?? ''
  const [attached, unattached] = await Promise.all([
    Promise.all((list ?? []).map(async (one) => ({ ...one, policy: await readPolicy(one) }))),
    // Whether a policy of our name is there decides what the command says; without the right it
    // says to make one.
    list?.some(isOf(policyName)) ? undefined : readPolicy({ name: policyName, custom: true }),
  ])
  const complete = attached.flatMap(({ policy, ...one }) => (policy ? [{ ...one, document: policy.document }] : []))
  return {
    /** `null`: the role does not exist. */
    role: found && { ...found, ours: hasMark(found.description) },
    /** With their documents, as RAM keeps them. */
    attached: list !== undefined && complete.length === list.length ? complete : undefined,
    policyName,
    /** Our policy for it, by its name; undefined: there is none, or it could not be read. */
    policy: attached.find(isOf(policyName))?.policy ?? unattached,
  }
}

const isOf =
  (policyName: string) =>
  ({ name, custom }: AttachedPolicy): boolean =>
    custom && name === policyName
