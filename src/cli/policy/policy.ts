import { createHttpSender } from '../../alibaba/transport/http-sender.ts'
import { NopassError } from '../../errors.ts'
import { type Grant, type Grants, helperGrants } from '../../policy/helper-grants.ts'
import { isGithubServer } from '../../policy/trust-document.ts'
import { printable } from '../../printable.ts'
import { EXIT } from '../program/exit-codes.ts'
import type { CliHost, CommonFlags } from '../program/host.ts'
import { reportErrors } from '../program/report-errors.ts'
import { ciGrants } from './ci-grants.ts'
import type { PolicyFlags } from './flags.ts'
import { githubGrant } from './github-grant.ts'
import { loadPolicyClusters } from './policy-clusters.ts'
import { describeGrants, renderJson, renderResources } from './render-grants.ts'

/** Prints the documents of the helper, or with --ci and --github those of the workflow. */
export async function policy(flags: PolicyFlags & CommonFlags, host: CliHost): Promise<number> {
  const isNamed = flags.file !== undefined || flags.clustersFile !== undefined
  if (!isNamed && (flags.ci || flags.github === undefined)) {
    throw new NopassError('INPUT_MISSING', 'nothing to make a policy of', {
      hint: 'Name values with -f, or a list of clusters with --clusters-file.',
    })
  }
  const { clusters, errors } = isNamed ? await loadPolicyClusters(flags, host) : { clusters: [], errors: [] }
  if (errors.length > 0) {
    await reportErrors(errors, flags, host)
    return EXIT.usage
  }
  const forWorkflow = flags.ci || flags.github !== undefined
  const made: Grants = !forWorkflow
    ? helperGrants(clusters, flags)
    : flags.ci
      ? ciGrants(clusters, flags)
      : { grants: [], notes: [] }
  const all = flags.github === undefined ? made : await withGithub(made, flags.github, flags, host)
  const grants = flags.only === undefined ? all : { ...all, grants: all.grants.map((one) => keepOnly(one, flags.only)) }
  if (flags.only !== undefined) requireDocument(flags.only, grants)
  if (flags.output === 'json') {
    host.stdout.write(`${JSON.stringify(describeGrants(grants), null, 2)}\n`)
  } else {
    host.stdout.write(flags.format === 'terraform' ? renderResources(grants.grants) : renderJson(grants.grants))
    for (const note of grants.notes) host.stderr.write(`note: ${printable(note)}\n`)
  }
  return EXIT.ok
}

/** Fails instead of printing nothing, because an empty file would be noticed only by RAM. */
function requireDocument(kind: 'policy' | 'trust', { grants, notes }: Grants): void {
  if (grants.some(({ policy, role }) => (kind === 'policy' ? policy : role) !== undefined)) return
  const hint = kind === 'trust' && notes.length > 0 ? `${notes.join('. ')}.` : 'Leave out --only to see what there is.'
  throw new NopassError('INPUT_MISSING', `there is no ${kind} document to print`, { hint })
}

function keepOnly({ policy, role, ...grant }: Grant, kind: PolicyFlags['only']): Grant {
  if (kind === 'trust') return { ...grant, ...(role && { role }) }
  return { ...grant, ...(policy && { policy }), attachTo: [...(role ? [role.name] : []), ...grant.attachTo] }
}

const SERVER_NOTE =
  'GitHub Enterprise Server has no immutable subjects: the trust names owner and repository, and whoever takes over these names is trusted'

/** The workflow's policy and its trust belong to one role. */
async function withGithub(made: Grants, repository: string, flags: PolicyFlags, host: CliHost): Promise<Grants> {
  const send = createHttpSender({ proxyEnv: host.env })
  const trusted = await githubGrant(repository, flags, { env: host.env, send }, host.signal)
  const [workflow, ...rest] = made.grants
  const notes = isGithubServer(flags.issuer ?? '') ? [...made.notes, SERVER_NOTE] : made.notes
  return { notes, grants: [{ ...workflow, ...trusted }, ...rest] }
}
