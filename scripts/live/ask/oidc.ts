import type { Credentials } from '../../../src/alibaba/credentials.ts'
import { assumeRoleWithOidc } from '../../../src/alibaba/sts.ts'
import { hasCode, NopassError } from '../../../src/errors.ts'
import { parseObject, textOf } from '../../../src/lib/json.ts'
import { no, notAnswered, type Verdict, yes } from '../evidence.ts'
import type { CertificateChain } from '../issuer-certificates.ts'
import { RAM_PACE, targetOf, waitFor } from '../live-deps.ts'
import type { FingerprintId } from '../names.ts'
import { codeOf } from '../ram-objects.ts'
import type { Stage, TokenClaims } from '../stage.ts'
import { requestClusterToken } from './cluster-token.ts'

/** A token, the certificates of its issuer, and the provider that RAM already has for it. */
export interface OidcInput {
  readonly token: string
  readonly provider?: string | undefined
  readonly claims: TokenClaims
  /** Undefined if the certificates cannot be read from here. */
  readonly chain: CertificateChain | undefined
}

/** The token must outlive four providers, each of which RAM may show late (milliseconds). */
const TOKEN_LIFE = 10 * 60_000

/**
 * Returns the token of the cluster or of the file, with the certificates of its issuer. Returns the
 * reason if it cannot be used, and undefined if the options name no token.
 */
export async function readOidcInput(stage: Stage): Promise<OidcInput | string | undefined> {
  const { cluster, oidcTokenFile, oidcProvider } = stage.options
  if (cluster !== undefined) {
    try {
      const found = await requestClusterToken(stage, cluster)
      return typeof found === 'string' ? found : await readToken(stage, found.token, found.provider)
    } catch (error) {
      if (stage.signal.aborted) throw error
      return `the cluster gave no token: ${codeOf(error)}`
    }
  }
  if (oidcTokenFile === undefined) return undefined
  const token = (await stage.deps.readText(oidcTokenFile).catch(() => '')).trim()
  return token === '' ? 'the token file cannot be read or is empty' : readToken(stage, token, oidcProvider)
}

async function readToken(
  { deps, signal }: Stage,
  token: string,
  provider: string | undefined,
): Promise<OidcInput | string> {
  const [, payload = ''] = token.split('.')
  const { iss, aud, sub, exp } = parseObject(Buffer.from(payload, 'base64url').toString()) ?? {}
  const audience = textOf(Array.isArray(aud) ? aud[0] : aud)
  const claims = { issuer: textOf(iss), audience, subject: textOf(sub) }
  const isComplete = Object.values(claims).every((claim) => claim !== '') && typeof exp === 'number'
  if (!isComplete) return 'the token has no issuer, audience, subject or expiry'
  if (!/^https:\/\/[^\s?#@]+$/.test(claims.issuer)) return "the token's issuer is not an https address"
  if (exp * 1000 < deps.transport.clock.now() + TOKEN_LIFE) return 'the token expires within 10 minutes'
  const chain = await deps.readChain(claims.issuer, signal).catch(() => undefined)
  signal.throwIfAborted()
  return { token, provider, claims, chain }
}

const MISMATCH = 'AuthenticationFail.OIDCToken.PublicKeyFingerprintMismatch'
const UNREADABLE = 'the certificate of the issuer cannot be read from here'

/** Returns the only fingerprint of the provider in a question; undefined if it cannot be read. */
function fingerprintOf(id: FingerprintId, chain: CertificateChain | undefined): string | undefined {
  const fingerprints: Readonly<Record<FingerprintId, string | undefined>> = {
    OIDC_ROOT_FINGERPRINT: chain?.root,
    OIDC_NO_FINGERPRINT: '',
    OIDC_LEAF_FINGERPRINT: chain?.leaf,
    // No certificate has this fingerprint.
    OIDC_WRONG_FINGERPRINT: '0'.repeat(40),
  }
  return fingerprints[id]
}

/** How STS responded to a token of a provider. */
export type Exchange =
  | { readonly kind: 'accepted' | 'mismatch' }
  | { readonly kind: 'undecided'; readonly code: string }

/** Returns the ARN of the provider that a question creates. */
export const providerArnOf = ({ accountId, names }: Stage, id: FingerprintId): string =>
  `acs:ram::${accountId}:oidc-provider/${names.provider(id)}`

/**
 * Creates a provider with one fingerprint or none, and exchanges the token. The provider is deleted
 * before the next one, because an account has at most one provider of an issuer
 * (https://www.alibabacloud.com/help/en/ram/developer-reference/api-ims-2019-08-15-createoidcprovider).
 */
export async function askFingerprint(
  stage: Stage,
  id: FingerprintId,
  { token, claims, chain }: OidcInput,
): Promise<Verdict> {
  const fingerprint = fingerprintOf(id, chain)
  if (fingerprint === undefined) return notAnswered(UNREADABLE)
  const name = stage.names.provider(id)
  const { issuer, audience } = claims
  const provider = { name, issuer, audience, fingerprint, description: stage.names.mark }
  try {
    await stage.recorder.create('oidc-provider', name, () => stage.objects.createProvider(provider))
  } catch (error) {
    if (!(error instanceof NopassError) || !error.reason?.startsWith('EntityAlreadyExists')) throw error
    return notAnswered('RAM already has an OIDC provider for this issuer: name it with --oidc-provider')
  }
  const arn = providerArnOf(stage, id)
  await stage.trustProvider(arn, claims)
  return judgeExchange(id, await exchangeToken(stage, arn, token))
}

/** Asks with a provider that is in use. Its fingerprints may answer one question. */
export async function askExistingProvider(
  stage: Stage,
  arn: string,
  { token, claims }: OidcInput,
): Promise<{ readonly exchange: Exchange; readonly fingerprints: readonly string[] }> {
  await stage.trustProvider(arn, claims)
  const exchange = await exchangeToken(stage, arn, token)
  return { exchange, fingerprints: await stage.objects.fingerprintsOf(arn.slice(arn.indexOf('/') + 1)) }
}

/** Judges one question by the fingerprints of a provider that is in use. */
export function judgeExisting(
  id: FingerprintId,
  exchange: Exchange,
  fingerprints: readonly string[],
  chain: CertificateChain | undefined,
): Verdict {
  if (exchange.kind === 'undecided') return judgeExchange(id, exchange)
  const asked = fingerprintOf(id, chain)
  if (asked === undefined) return notAnswered(UNREADABLE)
  if (fingerprints.join() === asked) return judgeExchange(id, exchange)
  return notAnswered('the provider that is in use has other fingerprints, and is not changed')
}

function judgeExchange(id: FingerprintId, exchange: Exchange): Verdict {
  const { kind } = exchange
  if (kind === 'undecided') return notAnswered(`STS gave another reason: ${exchange.code}`, { exchange: kind })
  const because = kind === 'accepted' ? 'STS accepted the token' : `STS refused the token with ${MISMATCH}`
  const isYes = (id === 'OIDC_WRONG_FINGERPRINT') === (kind === 'mismatch')
  return isYes ? yes(because, { exchange: kind }) : no(because, { exchange: kind })
}

async function exchangeToken(stage: Stage, oidcProviderArn: string, oidcToken: string): Promise<Exchange> {
  let last = ''
  const look = async (): Promise<Exchange | undefined> => {
    try {
      await exchangeOnce(stage, { oidcProviderArn, oidcToken })
      return { kind: 'accepted' }
    } catch (error) {
      if (error instanceof NopassError && error.reason === MISMATCH) return { kind: 'mismatch' }
      const mayBeLate = ['IDENTITY_NOT_TRUSTED', 'CLOUD_NOT_FOUND', 'CLOUD_DENIED'] as const
      if (!mayBeLate.some((code) => hasCode(error, code))) throw error
      last = codeOf(error)
      return undefined
    }
  }
  const { found } = await waitFor(look, stage.deps.clock, RAM_PACE, stage.signal)
  return found ?? { kind: 'undecided', code: last }
}

/** Opens a session of the role with the token, which `policy` may limit. */
export function exchangeOnce(
  { deps, roleArn, names, signal }: Stage,
  request: { readonly oidcProviderArn: string; readonly oidcToken: string; readonly policy?: string },
): Promise<Credentials> {
  const role = { roleArn, sessionName: names.role, durationSeconds: 900 }
  return assumeRoleWithOidc(targetOf(deps, 'sts', deps.caller), { ...role, ...request }, signal)
}
