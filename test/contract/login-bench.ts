import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Cloud, startCloud } from '../../sandbox/cloud/start-cloud.ts'
import { githubSubject } from '../../sandbox/cloud/sts/github-oidc.ts'
import { type Registry, startRegistry } from '../../sandbox/registry/start-registry.ts'
import { createDefaultTransport } from '../../src/alibaba/transport/cloud-transport.ts'
import { systemClock } from '../../src/lib/clock.ts'
import type { LoginReceipt } from '../../src/login/docker-config/receipt.ts'
import { type LoginOutcome, runLogin } from '../../src/login/run-login.ts'
import { AUDIENCE, GITHUB_ISSUER } from '../../src/policy/trust-document.ts'
import type { InputName } from '../../src/rollout/inputs/input-table.ts'
import { readInputs } from '../../src/rollout/inputs/read-inputs.ts'
import { INSTANCE, teamSeed } from '../support/cloud/team-seed.ts'
import { registryClient } from '../support/registry/registry-client.ts'
import { testTools } from '../tools.ts'

export const PUBLIC = 'demo-registry.cn-hangzhou.cr.aliyuncs.com'
export const VPC = 'demo-registry-vpc.cn-hangzhou.cr.aliyuncs.com'
const JOB = { repository: 'acme/shop' }

/** The role of a workflow that logs in. It does not deploy. */
const LOGIN_ROLE = 'acr-nopass-login'

export interface LoginRun {
  readonly outcome: LoginOutcome
  readonly notes: readonly string[]
  readonly masked: readonly string[]
  readonly receipts: readonly LoginReceipt[]
  /** The content of the Docker configuration; undefined without a file. */
  readonly docker: { readonly auths: Readonly<Record<string, { readonly auth: string }>> } | undefined
}

export type LoginBench = Awaited<ReturnType<typeof startLoginBench>>

/**
 * The demo's account with a role for logins, and a real registry with an image in each repository.
 */
export async function startLoginBench() {
  const cloud: Cloud = await startCloud({ seed: await teamSeed() })
  const registry: Registry = await startRegistry({ tools: await testTools('registry'), auth: cloud.registryAuth })
  const folder = await mkdtemp(join(tmpdir(), 'acr-nopass-login-'))
  const provider = `acs:ram::${cloud.accountId}:oidc-provider/github-actions`
  cloud.control.putRole(LOGIN_ROLE, {
    Version: '1',
    Statement: [
      {
        Effect: 'Allow',
        Action: 'sts:AssumeRole',
        Principal: { Federated: [provider] },
        Condition: {
          StringEquals: { 'oidc:aud': AUDIENCE, 'oidc:iss': GITHUB_ISSUER, 'oidc:sub': githubSubject(JOB) },
        },
      },
    ],
  })
  const pusher = registryClient(registry.url, cloud.registryPush)
  for (const repository of ['team/app', 'team-a/app', 'team-b/app']) {
    await pusher.push(repository, '1', `content of ${repository}`)
  }
  let runs = 0
  /** Grants the role exactly these actions on repositories, and what a login needs besides. */
  const allow = (actions: readonly string[], ...repositories: readonly string[]): void =>
    cloud.control.grant(LOGIN_ROLE, 'login', {
      Version: '1',
      Statement: [
        { Effect: 'Allow', Action: ['cr:GetAuthorizationToken'], Resource: ['*'] },
        { Effect: 'Allow', Action: ['cr:ListInstanceEndpoint'], Resource: [`acs:cr:*:*:instance/${INSTANCE}`] },
        ...(actions.length === 0
          ? []
          : [
              {
                Effect: 'Allow',
                Action: actions,
                Resource: repositories.map((one) => `acs:cr:*:*:repository/${INSTANCE}/${one}`),
              },
            ]),
      ],
    })
  return {
    cloud,
    registry,
    allow,
    instance: INSTANCE,
    /** The workflow's role, as the inputs name it. */
    role: {
      'role-to-assume': `acs:ram::${cloud.accountId}:role/${LOGIN_ROLE}`,
      'oidc-provider-arn': provider,
    },
    /** The environment of another CI, whose OIDC token is in a file. */
    async tokenFileEnvironment(): Promise<NodeJS.ProcessEnv> {
      const file = join(folder, 'token')
      await writeFile(file, `${cloud.issueGithubToken({ ...JOB, audience: AUDIENCE })}\n`)
      return {
        ALIBABA_CLOUD_ROLE_ARN: `acs:ram::${cloud.accountId}:role/${LOGIN_ROLE}`,
        ALIBABA_CLOUD_OIDC_PROVIDER_ARN: provider,
        ALIBABA_CLOUD_OIDC_TOKEN_FILE: file,
      }
    },
    /** Logs in as a job does, with a new home. */
    async run(
      given: Readonly<Partial<Record<InputName, string>>>,
      { environment, isDryRun = false }: { readonly environment?: NodeJS.ProcessEnv; readonly isDryRun?: boolean } = {},
      signal: AbortSignal = new AbortController().signal,
    ): Promise<LoginRun> {
      const home = join(folder, `home-${runs++}`)
      await mkdir(home)
      const { requestUrl, requestToken } = cloud.githubRunner(JOB)
      const notes: string[] = []
      const masked: string[] = []
      const receipts: LoginReceipt[] = []
      const { cr, sts } = cloud.endpoints
      const endpoints = JSON.stringify({ cr, sts, registry: registry.url })
      const all: Readonly<Partial<Record<InputName, string>>> = { mode: 'login', endpoints, ...given }
      const inputs = readInputs((name) => all[name])
      const outcome = await runLogin(
        { ...inputs, isDryRun },
        {
          environment: environment ?? {
            HOME: home,
            ACTIONS_ID_TOKEN_REQUEST_URL: requestUrl,
            ACTIONS_ID_TOKEN_REQUEST_TOKEN: requestToken,
          },
          transport: createDefaultTransport({ attempts: 1 }),
          clock: systemClock,
          pid: process.pid,
          holder: undefined,
          dockerFolder: join(home, '.docker'),
          temporaryFolder: home,
          workingDirectory: folder,
          within: [folder],
          mask: (secret) => masked.push(secret),
          report: (line) => notes.push(line),
          record: (receipt) => receipts.push(receipt),
        },
        signal,
      )
      const text = await readFile(join(outcome.dockerConfigFolder, 'config.json'), 'utf8').catch(() => undefined)
      return { outcome, notes, masked, receipts, docker: text === undefined ? undefined : JSON.parse(text) }
    },
    [Symbol.asyncDispose]: async () => {
      await registry.stop()
      await cloud.stop()
      await rm(folder, { recursive: true })
    },
  }
}

/** Reads the login of a domain in a Docker configuration. */
export function loginOf({ docker }: LoginRun, domain: string) {
  const [username = '', password = ''] = Buffer.from(docker?.auths[domain]?.auth ?? '', 'base64')
    .toString()
    .split(':')
  return { username, password }
}
