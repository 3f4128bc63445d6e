import { NopassError } from '../../errors.ts'
import { type ChosenRegistry, chooseRegistries } from '../../login/choose-registries.ts'
import { readValues } from '../../login/read-values.ts'
import type { Grant } from '../../policy/grant.ts'
import type { Grants } from '../../policy/helper-grants.ts'
import { policyDocument } from '../../policy/policy-document.ts'
import { readInputs } from '../../rollout/inputs/read-inputs.ts'
import type { CliHost } from '../program/cli-host.ts'
import { readValuesFlags } from '../program/values-options.ts'
import { errorAsFlags } from '../rollout/as-flags.ts'
import type { PolicyFlags } from './policy-clusters.ts'

/**
 * The name of the role of a job that logs in, and of its policy. A job that deploys has another
 * role.
 */
export const LOGIN_ROLE = 'acr-nopass-login'

/** Returns the minimal rights of a job that logs in to registries (`mode: login`). */
export function loginGrants(flags: PolicyFlags, host: CliHost): Grants & { readonly errors: readonly NopassError[] } {
  try {
    return readGrants(flags, host)
  } catch (error) {
    throw error instanceof NopassError ? errorAsFlags(error) : error
  }
}

function readGrants(flags: PolicyFlags, host: CliHost): ReturnType<typeof loginGrants> {
  const { registry, region, registries, repositories, push, createRepositories } = flags
  const given: Readonly<Record<string, string | undefined>> = {
    mode: 'login',
    ...readValuesFlags(flags, host).inputs,
    registry,
    region,
    registries,
    repositories,
    push: push ? 'true' : undefined,
    'create-repositories': createRepositories ? 'true' : undefined,
  }
  const inputs = readInputs((name) => given[name])
  const { values, errors } = readValues(inputs, { workingDirectory: host.workingDirectory, within: undefined })
  if (errors.length > 0) return { grants: [], notes: [], errors }
  const { registries: chosen, notes } = chooseRegistries(inputs, values)
  const [first] = chosen
  const document = policyDocument(
    chosen.map(({ config, repositories }) => ({ ...config, repositories })),
    { scope: 'instance', accountId: flags.accountId, access: first?.access },
  )
  if (document === undefined) return { grants: [], notes: [...notes], errors }
  const grant: Grant = { purpose: 'jobs that log in', policy: { name: LOGIN_ROLE, document }, attachTo: [LOGIN_ROLE] }
  const all = [...notes, ...chosen.flatMap(notesOf), ...notesOfPush(first)]
  return { grants: [grant], notes: all, errors }
}

function notesOf({ config, lookUp }: ChosenRegistry): readonly string[] {
  const chain = config.assumeRole.map(({ roleArn }) => roleArn)
  return [
    ...(lookUp
      ? [
          `${lookUp.domain} is looked up among all instances of ${config.region}; with the instance's id the policy is narrower`,
        ]
      : []),
    ...(chain.length > 0
      ? [
          `${config.name} is reached through ${chain.join(' and ')}: its trust must name this role too, and its policy decides what may be pushed`,
        ]
      : []),
  ]
}

function notesOfPush(first: ChosenRegistry | undefined): readonly string[] {
  if (first?.access !== 'push') return []
  return [
    'a push to a repository that does not exist also needs `cr:CreateRepository`, with --create-repositories, and a namespace that creates repositories automatically',
  ]
}
