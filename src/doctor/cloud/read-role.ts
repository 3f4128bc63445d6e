import { type AttachedPolicy, createRam } from '../../alibaba/ram.ts'
import { hasMark } from '../../policy/ram-names.ts'
import { DocumentError, parseStatements } from '../../policy/ram-statement.ts'
import type { CloudReader } from './cloud-reader.ts'

/** A role. Parts that could not be read are undefined. */
export type RoleFacts = Awaited<ReturnType<typeof readRole>>

/**
 * Reads a role with its trust policy and all attached policies. `names` are the possible names of
 * our policy, the likely name first. With `versions`, also how many versions our policy has.
 */
export async function readRole(
  reader: CloudReader,
  name: string,
  names: readonly string[],
  { versions: isCounted = false }: { readonly versions?: boolean } = {},
) {
  const ram = createRam(reader.at('ram'))
  const what = `role ${name}`
  const [found, list] = await Promise.all([
    reader.attempt(what, 'ram:GetRole', async () => (await ram.getRole(name)) ?? null),
    reader.attempt(`policies of ${what}`, 'ram:ListPoliciesForRole', () => ram.listRolePolicies(name)),
  ])
  const readPolicy = async ({ name, custom, description = '' }: AttachedPolicy) => {
    const listed =
      isCounted && custom && names.includes(name)
        ? await reader.attempt(`versions of policy ${name}`, 'ram:ListPolicyVersions', () =>
            ram.listPolicyVersions(name),
          )
        : undefined
    // The list of versions has the document, so a check of many clusters needs no second call.
    if (listed && listed.document !== '' && hasMark(description)) return { name, description, ...listed, ours: true }
    const read = custom ? ram.getPolicy : ram.getSystemPolicy
    const policy = await reader.attempt(`policy ${name}`, 'ram:GetPolicy', () => read(name))
    return policy && { ...policy, ...(listed && { versions: listed.versions }), ours: hasMark(policy.description) }
  }
  const policyName = names.find((one) => list?.some(isOf(one))) ?? names[0] ?? ''
  const [attached, unattached] = await Promise.all([
    Promise.all((list ?? []).map(async (one) => ({ ...one, policy: await readPolicy(one) }))),
    // The fix command depends on whether a policy with our name exists. Without the right to read
    // it, the command creates the policy.
    list?.some(isOf(policyName)) ? undefined : readPolicy({ name: policyName, custom: true }),
  ])
  for (const { what: document, why } of findUnclear(
    what,
    found,
    attached.map(({ name, policy }) => ({ name, document: policy?.document })),
  ))
    reader.note(document, why)
  const complete = attached.flatMap(({ name, custom, policy }) =>
    policy ? [{ name, custom, document: policy.document }] : [],
  )
  return {
    /** `null`: the role does not exist. */
    role: found && { ...found, ours: hasMark(found.description) },
    /** The attached policies with their documents, as RAM stores them. */
    attached: list !== undefined && complete.length === list.length ? complete : undefined,
    policyName,
    /** Our policy of this role, found by its name. Undefined: absent, or not readable. */
    policy: attached.find(isOf(policyName))?.policy ?? unattached,
  }
}

const isOf =
  (policyName: string) =>
  ({ name, custom }: AttachedPolicy): boolean =>
    custom && name === policyName

/**
 * Lists the documents that cannot be parsed. No check judges these. A document that could not be
 * read is undefined, and recorded already.
 */
export function findUnclear(
  what: string,
  role: { readonly trust: string } | null | undefined,
  attached: readonly { readonly name: string; readonly document?: string | undefined }[],
): readonly { readonly what: string; readonly why: string }[] {
  const documents = [
    { what: `the trust policy of ${what}`, kind: 'trust' as const, document: role?.trust },
    ...attached.map(({ name, document }) => ({
      what: `policy ${name} of ${what}`,
      kind: 'policy' as const,
      document,
    })),
  ]
  return documents.flatMap(({ what, kind, document }) => {
    const why = document === undefined ? undefined : explainUnclear(document, kind)
    return why === undefined ? [] : [{ what, why: `it has a form that doctor does not know (${why})` }]
  })
}

function explainUnclear(document: string, kind: 'policy' | 'trust'): string | undefined {
  try {
    parseStatements(document, kind)
    return undefined
  } catch (error) {
    if (error instanceof DocumentError) return error.message
    throw error
  }
}
