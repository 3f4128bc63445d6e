import { isFixOfGuardrail } from '../../alibaba/transport/denial.ts'
import type { RegistryStatus, StatusError } from '../../installation/helper-status.ts'
import { quoted, type ShellCommand, shell, shellWords } from '../../lib/shell-command.ts'
import { AUDIENCE } from '../../policy/trust-document.ts'
import type { Draft, FindingId } from '../finding.ts'
import type { Observed } from '../observed.ts'
import { issuerCandidates } from './cluster-issuer.ts'
import { isAliased } from './fix-commands.ts'

interface Kind {
  readonly id: FindingId
  readonly cause?: (observed: Observed) => string
  readonly fix?: string
  readonly command?: (observed: Observed, registry: RegistryStatus) => ShellCommand | undefined
}

const refresh = (): ShellCommand => shell`acr-nopass refresh`

/**
 * Maps an error code to a kind of failure. The cloud's own code is looked up first, then the code
 * in the helper's report. The default is REGISTRY_FAILING.
 */
const KINDS = new Map<string | undefined, Kind>(
  Object.entries({
    CLOUD_DENIED: {
      id: 'RAM_DENIED',
      fix: 'Give the role the policy that the command prints (or run `acr-nopass apply`); a change in RAM takes up to a minute.',
      command: () => shell`acr-nopass policy -f values.yaml`,
    },
    IDENTITY_NOT_TRUSTED: {
      id: 'ROLE_NOT_TRUSTED',
      cause: describeTrust,
      fix: 'Give the role exactly that trust policy; the command prints it, and `acr-nopass apply` with `ram: rrsa` writes it.',
      command: printTrust,
    },
    // These codes concern the OIDC provider in RAM. A change of the trust policy does not fix them.
    'AuthenticationFail.OIDCToken.PublicKeyFingerprintMismatch': { id: 'ROLE_NOT_TRUSTED', command: listProviders },
    'AuthenticationFail.OIDCToken.HttpsUrlInvalid': { id: 'ROLE_NOT_TRUSTED', command: listProviders },
    'AuthenticationFail.OIDCToken.AudienceNotMatch': { id: 'ROLE_NOT_TRUSTED', command: listProviders },
    IDENTITY_UNAVAILABLE: { id: 'IDENTITY_MISSING', command: describeHelper },
    CREDENTIALS_MISSING: { id: 'IDENTITY_MISSING', command: describeHelper },
    CREDENTIALS_REFUSED: { id: 'CREDENTIALS_REFUSED', command: listKeys },
    CREDENTIALS_EXPIRED: { id: 'CREDENTIALS_REFUSED', command: listKeys },
    CLOUD_UNREACHABLE: {
      id: 'CLOUD_OUT_OF_REACH',
      fix: 'Allow traffic from the Pods of the helper to that address: DNS, security group, NAT gateway or VPC endpoint (`network: vpc`), proxy variables.',
      command: refresh,
    },
    CLOUD_NOT_FOUND: { id: 'INSTANCE_NOT_FOUND', command: listInstances },
    REGISTRY_NOT_FOUND: { id: 'INSTANCE_NOT_FOUND', command: listInstances },
    CLOUD_CLOCK: { id: 'CLOCK_SKEW', command: () => shell`kubectl get nodes -o wide` },
    LIMIT_NOT_ACCEPTED: { id: 'LIMIT_NOT_ACCEPTED', command: () => shell`acr-nopass policy -f values.yaml` },
    REGISTRY_LOGIN_REFUSED: { id: 'REGISTRY_REFUSES', command: refresh },
    'EntityNotExist.Role': {
      id: 'ROLE_MISSING',
      fix: 'Create the role with the trust and the policy that the command prints (`acr-nopass apply` does that too), or correct its name in the values.',
      command: printTrust,
    },
    USER_NOT_EXIST: { id: 'REGISTRY_FAILING', command: refresh },
    INSTANCE_STATUS_NOT_SUPPORT: {
      id: 'INSTANCE_NOT_RUNNING',
      fix: 'Wait, or renew the instance in the console of Container Registry; nothing can be pulled from it until it is RUNNING.',
      command: describeInstance,
    },
  } satisfies Record<string, Kind>),
)

const FAILING: Kind = { id: 'REGISTRY_FAILING', command: refresh }

/** Explains why a registry has no new credential. */
export function explainRegistryFailure(
  registry: RegistryStatus,
  error: StatusError,
  rest: string,
  observed: Observed,
): Draft {
  const kind = KINDS.get(error.reason) ?? KINDS.get(error.code) ?? FAILING
  const reported = `${error.message}${error.reason ? ` (${error.reason})` : ''}`
  const more = kind.cause?.(observed) ?? ''
  const command = kind.command?.(observed, registry)
  return {
    id: kind.id,
    subject: `registry ${registry.name}`,
    message: `no new credential (${error.code}); ${rest}`,
    cause: more === '' ? reported : `${reported}. ${more}`,
    // A further policy of the role does not remove a guardrail's denial.
    fix: isFixOfGuardrail(error.fix) ? error.fix : (kind.fix ?? error.fix),
    ...(command === undefined ? {} : { command }),
  }
}

function describeTrust(observed: Observed): string {
  const { identity, release } = observed.release?.config ?? {}
  if (identity?.type !== 'rrsa' || release === undefined) return ''
  const [issuer = "this cluster's issuer"] = issuerCandidates(observed)
  const subject = `system:serviceaccount:${release.namespace}:${release.serviceAccount}`
  return `${identity.rrsa?.roleArn} has to trust oidc:sub ${subject}, oidc:iss ${issuer} and oidc:aud ${AUDIENCE}, and its OIDC provider has to have that issuer and audience.`
}

function printTrust(observed: Observed): ShellCommand | undefined {
  const { release } = observed
  const [issuer] = issuerCandidates(observed)
  const { identity } = release?.config ?? {}
  if (release === undefined || identity?.type !== 'rrsa') return shell`acr-nopass policy -f values.yaml`
  const provider = identity.rrsa?.oidcProviderArn
  // The default name of the ServiceAccount is known only without an alias.
  const account = isAliased(release)
    ? shellWords` --service-account ${release.config?.release.serviceAccount}`
    : shellWords``
  const from = issuer === undefined ? shellWords`` : shellWords` --issuer ${quoted(issuer)}`
  const to = provider ? shellWords` --oidc-provider-arn ${quoted(provider)}` : shellWords``
  return shell`acr-nopass policy -f values.yaml --namespace ${release.namespace} --release ${release.name}${account}${from}${to}`
}

function describeHelper({ release }: Observed): ShellCommand | undefined {
  return shell`kubectl -n ${release?.namespace} describe pods -l app.kubernetes.io/instance=${release?.name}`
}

function listKeys({ release }: Observed): ShellCommand | undefined {
  const name = release?.config?.identity.accessKey?.existingSecret
  return name ? shell`kubectl -n ${release?.namespace} describe secret ${name}` : refresh()
}

function listProviders(): ShellCommand {
  return shell`aliyun ims ListOIDCProviders`
}

function listInstances(_observed: Observed, { region = '<region>' }: RegistryStatus): ShellCommand | undefined {
  return shell`aliyun cr ListInstance --region ${quoted(region)}`
}

/** The report has no ID of an instance that the values give by name. */
function describeInstance(observed: Observed, registry: RegistryStatus): ShellCommand | undefined {
  const { instanceId, region } = registry
  if (instanceId === undefined || region === undefined) return listInstances(observed, registry)
  return shell`aliyun cr GetInstance --region ${quoted(region)} --InstanceId ${quoted(instanceId)}`
}
