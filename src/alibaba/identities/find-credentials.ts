import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type JsonObject, parseObject, recordsOf, textOf } from '../../lib/json.ts'
import type { CredentialProvider, Credentials } from '../credentials.ts'
import type { CloudTransport } from '../transport/cloud-transport.ts'
import type { Endpoints } from '../transport/endpoints.ts'
import { createEnvironmentProvider } from './access-key.ts'
import { createOidcRoleProvider, type OidcRoleOptions } from './assumed-role.ts'

export interface CredentialDeps {
  readonly env: NodeJS.ProcessEnv
  readonly transport: CloudTransport
  readonly endpoints: Pick<Endpoints, 'url'>
  /** The name of a session, unless a variable names it. */
  readonly sessionName: string
}

/**
 * Finds the user's own credentials in the order of Alibaba Cloud's SDK: variables with a key,
 * variables with a role and an OIDC token, then the profile of the CLI `aliyun`. Undefined if there
 * are none. The CLI itself prefers its profile. In a job, variables that an earlier step exported
 * must win over a profile that was left on the runner.
 */
export async function findCredentials(deps: CredentialDeps): Promise<CredentialProvider | undefined> {
  const { env, transport, endpoints } = deps
  if (hasAccessKey(env)) return createEnvironmentProvider(env)
  const role = roleOfEnvironment(env, deps.sessionName)
  if (role) return createOidcRoleProvider({ name: 'environment', transport, endpoint: endpoints.url('sts'), ...role })
  return findProfile(env)
}

/** True if the variables hold an access key, or a session. */
export function hasAccessKey(env: NodeJS.ProcessEnv): boolean {
  return Boolean(env.ALIBABA_CLOUD_ACCESS_KEY_ID && env.ALIBABA_CLOUD_ACCESS_KEY_SECRET)
}

type TokenRole = Pick<OidcRoleOptions, 'roleArn' | 'oidcProviderArn' | 'oidcToken' | 'sessionName'>

/**
 * Returns the role that the variables name, with the file of its OIDC token. Undefined if one of
 * the three is missing.
 */
export function roleOfEnvironment(env: NodeJS.ProcessEnv, sessionName: string): TokenRole | undefined {
  const { ALIBABA_CLOUD_ROLE_ARN: roleArn, ALIBABA_CLOUD_OIDC_PROVIDER_ARN: oidcProviderArn } = env
  const oidcToken = tokenOfEnvironment(env)
  if (!roleArn || !oidcProviderArn || !oidcToken) return undefined
  return { roleArn, oidcProviderArn, oidcToken, sessionName: env.ALIBABA_CLOUD_ROLE_SESSION_NAME || sessionName }
}

/** Returns what reads the file of an OIDC token that the variables name. */
export function tokenOfEnvironment(env: NodeJS.ProcessEnv): OidcRoleOptions['oidcToken'] | undefined {
  const file = env.ALIBABA_CLOUD_OIDC_TOKEN_FILE
  return file ? (signal) => readFile(file, { encoding: 'utf8', signal }) : undefined
}

/** Finds the profile of the CLI `aliyun`. Undefined if there is none with a key. */
export async function findProfile(env: NodeJS.ProcessEnv): Promise<CredentialProvider | undefined> {
  const key = profileCredentials(await readProfiles(env), profileName(env))
  return key && { name: 'profile', sharedSession: false, get: async () => key, fresh: async () => key }
}

/**
 * Finds the user's own region: a variable, then the profile of the CLI `aliyun`. Undefined if
 * neither names one.
 */
export async function findRegion(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const { region_id: region } = findIn(await readProfiles(env), profileName(env))
  return env.ALIBABA_CLOUD_REGION_ID || textOf(region) || undefined
}

/** Returns the profile that the variables name, by the names and order of the CLI `aliyun`. */
function profileName(env: NodeJS.ProcessEnv): string | undefined {
  return env.ALIBABACLOUD_PROFILE || env.ALIBABA_CLOUD_PROFILE || env.ALICLOUD_PROFILE
}

async function readProfiles(env: NodeJS.ProcessEnv): Promise<string> {
  const { HOME } = env
  // The CLI takes the first variable that is set, and compares it with this text.
  const isIgnored = (env.ALIBABA_CLOUD_IGNORE_PROFILE || env.ALIBABACLOUD_IGNORE_PROFILE) === 'TRUE'
  return HOME && !isIgnored ? readFile(join(HOME, '.aliyun', 'config.json'), 'utf8').catch(() => '') : ''
}

/** Returns a profile, or without a name the current one. Empty if there is none. */
function findIn(text: string, name: string | undefined): JsonObject {
  const { current, profiles } = parseObject(text) ?? {}
  return recordsOf(profiles).find((one) => one.name === (name || current)) ?? {}
}

/**
 * Returns the key of a profile in the CLI's `~/.aliyun/config.json`. Without a name, the current
 * profile is used. Undefined if the profile has no key (modes other than `AK` and `StsToken`), or
 * the file is invalid.
 */
export function profileCredentials(text: string, name: string | undefined): Credentials | undefined {
  const { mode, access_key_id: id, access_key_secret: secret, sts_token: token } = findIn(text, name)
  if (typeof id !== 'string' || typeof secret !== 'string' || id === '' || secret === '') return undefined
  if (mode === 'AK') return { accessKeyId: id, accessKeySecret: secret }
  if (mode !== 'StsToken' || typeof token !== 'string' || token === '') return undefined
  return { accessKeyId: id, accessKeySecret: secret, securityToken: token }
}
