import { createHttpSender } from '../../alibaba/transport/http-sender.ts'
import { NopassError } from '../../errors.ts'
import type { Grant } from '../../policy/grant.ts'
import { type Grants, helperGrants } from '../../policy/helper-grants.ts'
import { initPolicyDocument } from '../../policy/init-document.ts'
import type { PolicyDocument } from '../../policy/normal-form.ts'
import { renderTerraform, TERRAFORM_HEADER } from '../../policy/terraform.ts'
import { isGithubServer } from '../../policy/trust-document.ts'
import { printable } from '../../printable.ts'
import { type CliHost, type CommonFlags, EXIT, writeResult } from '../program/cli-host.ts'
import { reportErrors } from '../program/report-errors.ts'
import { errorAsFlags } from '../rollout/as-flags.ts'
import { checkGrants } from './check-grants.ts'
import { ciGrants } from './ci-grants.ts'
import { githubGrant } from './github-grant.ts'
import { loginGrants } from './login-grants.ts'
import { loadPolicyClusters, type PolicyFlags } from './policy-clusters.ts'

/**
 * Prints the documents of the helper, with --ci and --github the documents of the workflow, with
 * --ci --login those of a job that logs in, or with --ci --init those of a person who runs `init`.
 */
export async function policy(flags: PolicyFlags & CommonFlags, host: CliHost): Promise<number> {
  refuseLoginFlags(flags)
  refuseReadOnly(flags)
  refuseInit(flags)
  const made = flags.init ? initGrants(flags) : flags.login ? loginGrants(flags, host) : rolloutGrants(flags, host)
  if (made.errors.length > 0) return reportErrors(made.errors.map(errorAsFlags), flags, host)
  const { grants, notes } = flags.github === undefined ? made : await withGithub(made, flags.github, flags, host)
  const documents = grants.flatMap(documentsOf).filter(({ kind }) => flags.only === undefined || kind === flags.only)
  if (flags.only !== undefined && documents.length === 0) throw noDocument(flags.only, notes)
  writeResult(host, flags, { documents, notes }, () =>
    flags.format === 'terraform'
      ? [TERRAFORM_HEADER, ...grants.map(renderTerraform)].join('\n')
      : renderJson(documents),
  )
  if (flags.output !== 'json') for (const note of notes) host.stderr.write(`note: ${printable(note)}\n`)
  return EXIT.ok
}

/** Returns the names of the flags that were given. */
function givenOf(flags: Readonly<Record<string, unknown>>): readonly string[] {
  return Object.entries(flags).flatMap(([flag, value]) => (value === undefined || value === false ? [] : [flag]))
}

/** The flags for a job that writes. */
function writing({ adoptPolicy, ramCleanup }: PolicyFlags): Readonly<Record<string, unknown>> {
  return { 'adopt-policy': adoptPolicy, 'ram-cleanup': ramCleanup }
}

function hasValues({ values, inlineValues, valuesFiles }: PolicyFlags): boolean {
  return [values, inlineValues, valuesFiles].some((given) => given !== undefined)
}

/** The flags of a login would be ignored silently. */
function refuseLoginFlags(flags: PolicyFlags): void {
  const { ci, login, registry, region, registries, repositories, push, createRepositories } = flags
  const given = { registry, region, registries, repositories, push, 'create-repositories': createRepositories, login }
  const [name] = givenOf(given)
  if (name === undefined || (ci && login)) return
  throw new NopassError('INPUT_CONFLICT', `--${name} needs --ci --login`, {
    hint: `Add --ci${name === 'login' ? '' : ' --login'}, or remove --${name}.`,
  })
}

/** A job that only reads neither deploys nor logs in. */
function refuseReadOnly(flags: PolicyFlags): void {
  const { readOnly, ci } = flags
  if (!readOnly) return
  if (!ci)
    throw new NopassError('INPUT_CONFLICT', '--read-only needs --ci', { hint: 'Add --ci, or remove --read-only.' })
  const [name] = givenOf({ login: flags.login, ...writing(flags) })
  if (name === undefined) return
  throw new NopassError('INPUT_CONFLICT', `--read-only and --${name} exclude each other`, {
    hint: 'A job that checks writes nothing. Print the policy of another role for the other job.',
  })
}

/** `init` runs before there are values, and its rights depend on the account only. */
function refuseInit(flags: PolicyFlags): void {
  const { init, ci, clustersFile, github, readOnly, login } = flags
  if (!init) return
  if (!ci) throw new NopassError('INPUT_CONFLICT', '--init needs --ci', { hint: 'Add --ci, or remove --init.' })
  const others = { values: hasValues(flags), 'clusters-file': clustersFile, github, 'read-only': readOnly, login }
  const [name] = givenOf({ ...others, ...writing(flags) })
  if (name === undefined) return
  throw new NopassError('INPUT_CONFLICT', `--init and --${name} exclude each other`, {
    hint: 'Print the policy of another role for the other job.',
  })
}

/** Returns the minimal rights of a person who runs `init`. */
function initGrants({ accountId }: PolicyFlags): Grants & { readonly errors: readonly NopassError[] } {
  const policy = { name: 'acr-nopass-init', document: initPolicyDocument(accountId) }
  return { grants: [{ purpose: 'the person who runs init', policy, attachTo: [] }], notes: [], errors: [] }
}

function rolloutGrants(flags: PolicyFlags, host: CliHost): Grants & { readonly errors: readonly NopassError[] } {
  const isNamed = hasValues(flags) || flags.clustersFile !== undefined
  if (!isNamed && (flags.ci || flags.github === undefined)) {
    throw new NopassError('INPUT_MISSING', 'there are no values to make a policy from', {
      hint: 'Name values with -f, or a list of clusters with --clusters-file.',
    })
  }
  const { clusters, errors } = isNamed ? loadPolicyClusters(flags, host) : { clusters: [], errors: [] }
  if (errors.length > 0) return { grants: [], notes: [], errors }
  if (flags.ci) return { ...(flags.readOnly ? checkGrants : ciGrants)(clusters, flags), errors }
  return flags.github === undefined ? { ...helperGrants(clusters, flags), errors } : { grants: [], notes: [], errors }
}

/** Returns an error instead of an empty output, because an empty file would fail only in RAM. */
function noDocument(kind: 'policy' | 'trust', notes: readonly string[]): NopassError {
  const hint = kind === 'trust' && notes.length > 0 ? `${notes.join('. ')}.` : 'Omit --only to see all documents.'
  return new NopassError('INPUT_MISSING', `there is no ${kind} document to print`, { hint })
}

const SERVER_NOTE =
  'GitHub Enterprise Server has no immutable subjects: the trust names owner and repository, and trusts anyone who takes over these names'

/** The workflow's policy and its trust belong to one role. */
async function withGithub(made: Grants, repository: string, flags: PolicyFlags, host: CliHost): Promise<Grants> {
  const send = createHttpSender({ proxyEnv: host.env })
  const trusted = await githubGrant(repository, flags, { env: host.env, send }, host.signal)
  const [workflow, ...rest] = made.grants
  const notes = isGithubServer(flags.issuer ?? '') ? [...made.notes, SERVER_NOTE] : made.notes
  // The role is created together with its policy.
  return { notes, grants: [{ ...workflow, ...trusted }, ...rest] }
}

interface TitledDocument {
  readonly kind: 'policy' | 'trust'
  /** The name of the policy, or of the role that is trusted. */
  readonly name: string
  readonly purpose: string
  readonly attachTo: readonly string[]
  readonly document: PolicyDocument
}

/** Prints a single document as plain JSON for RAM, and several documents with a heading each. */
function renderJson(documents: readonly TitledDocument[]): string {
  const [only] = documents
  if (documents.length === 1 && only) return `${JSON.stringify(only.document, null, 2)}\n`
  return documents.map((one) => `# ${printable(titleOf(one))}\n${JSON.stringify(one.document, null, 2)}\n`).join('\n')
}

function documentsOf({ purpose, policy, role, attachTo }: Grant): readonly TitledDocument[] {
  const roles = role === undefined ? attachTo : [role.name, ...attachTo]
  return [
    ...(policy ? [{ kind: 'policy', purpose, attachTo: roles, ...policy } as const] : []),
    ...(role ? [{ kind: 'trust', name: role.name, purpose, attachTo: [], document: role.trust } as const] : []),
  ]
}

function titleOf({ kind, name, purpose, attachTo }: TitledDocument): string {
  if (kind === 'trust') return `trust policy of role ${name}, for ${purpose}`
  return `policy ${name}, for ${purpose}${attachTo.length === 0 ? '' : `; attach it to ${attachTo.join(', ')}`}`
}
