import { type AttachedPolicy, createRam } from '../../alibaba/ram.ts'
import { hasMark } from '../../policy/ram-names.ts'
import { DocumentError, parseStatements } from '../../policy/ram-statement.ts'
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
  for (const { what: document, why } of findUnclear(
    what,
    found,
    attached.map(({ name, policy }) => ({ name, document: policy?.document })),
  ))
    reader.note(document, why)
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

/**
 * The documents that are not understood: no check says anything about them. Undefined: not
 * readable, which is noted already.
 */
export function findUnclear(
  what: string,
  role: { readonly trust: string } | null | undefined,
  attached: readonly { readonly name: string; readonly document?: string | undefined }[] | undefined,
): readonly { readonly what: string; readonly why: string }[] {
  const documents = [
    { what: `the trust policy of ${what}`, kind: 'trust' as const, document: role?.trust },
    ...(attached ?? []).map(({ name, document }) => ({
      what: `policy ${name} of ${what}`,
      kind: 'policy' as const,
      document,
    })),
  ]
  return documents.flatMap(({ what, kind, document }) => {
    const why = document === undefined ? undefined : whyUnclear(document, kind)
    return why === undefined ? [] : [{ what, why: `it has a form that doctor does not know (${why})` }]
  })
}

function whyUnclear(document: string, kind: 'policy' | 'trust'): string | undefined {
  try {
    parseStatements(document, kind)
    return undefined
  } catch (error) {
    if (error instanceof DocumentError) return error.message
    throw error
  }
}
