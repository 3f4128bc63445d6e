import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createDefaultTransport } from '../../src/alibaba/transport/cloud-transport.ts'
import { type Clock, systemClock } from '../../src/lib/clock.ts'
import type { LoginReceipt } from '../../src/login/docker-config/receipt.ts'
import { type LoginOutcome, runLogin } from '../../src/login/run-login.ts'
import { AUDIENCE } from '../../src/policy/trust-document.ts'
import type { InputName } from '../../src/rollout/inputs/input-table.ts'
import { readInputs } from '../../src/rollout/inputs/read-inputs.ts'
import { LOGIN_JOB, LOGIN_ROLE, startLoginCloud } from '../support/cloud/login-cloud.ts'

export interface LoginRun {
  readonly outcome: LoginOutcome
  readonly notes: readonly string[]
  readonly masked: readonly string[]
  readonly receipts: readonly LoginReceipt[]
  /** The content of the Docker configuration; undefined without a file. */
  readonly docker: { readonly auths: Readonly<Record<string, { readonly auth: string }>> } | undefined
}

interface RunOptions {
  readonly environment?: NodeJS.ProcessEnv
  /** Variables of the CI that name the job. */
  readonly job?: NodeJS.ProcessEnv
  readonly isDryRun?: boolean
  /** The clock of the machine. */
  readonly clock?: Clock
  readonly home?: string
}

export type LoginBench = Awaited<ReturnType<typeof startLoginBench>>

/** A cloud and a registry, and logins of a job with a new home each. */
export async function startLoginBench() {
  const at = await startLoginCloud()
  const { cloud } = at
  const folder = await mkdtemp(join(tmpdir(), 'acr-nopass-login-'))
  let runs = 0
  return {
    ...at,
    /** The environment of another CI, whose OIDC token is in a file. */
    async tokenFileEnvironment(): Promise<NodeJS.ProcessEnv> {
      const file = join(folder, 'token')
      await writeFile(file, `${cloud.issueGithubToken({ ...LOGIN_JOB, audience: AUDIENCE })}\n`)
      return {
        ALIBABA_CLOUD_ROLE_ARN: `acs:ram::${cloud.accountId}:role/${LOGIN_ROLE}`,
        ALIBABA_CLOUD_OIDC_PROVIDER_ARN: at.provider,
        ALIBABA_CLOUD_OIDC_TOKEN_FILE: file,
      }
    },
    /** Logs in as a job does, with a new home unless `home` names one. */
    async run(
      given: Readonly<Partial<Record<InputName, string>>>,
      { environment, job, isDryRun = false, clock = systemClock, home: named }: RunOptions = {},
    ): Promise<LoginRun> {
      const home = join(folder, named ?? `home-${runs++}`)
      await mkdir(home, { recursive: true })
      const { requestUrl, requestToken } = cloud.githubRunner(LOGIN_JOB)
      const notes: string[] = []
      const masked: string[] = []
      const receipts: LoginReceipt[] = []
      const all: Readonly<Partial<Record<InputName, string>>> = { mode: 'login', endpoints: at.endpoints, ...given }
      const inputs = readInputs((name) => all[name])
      const outcome = await runLogin(
        { ...inputs, isDryRun },
        {
          environment: environment ?? {
            HOME: home,
            ACTIONS_ID_TOKEN_REQUEST_URL: requestUrl,
            ACTIONS_ID_TOKEN_REQUEST_TOKEN: requestToken,
            ...job,
          },
          transport: createDefaultTransport({ attempts: 1 }),
          clock,
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
        new AbortController().signal,
      )
      const text = await readFile(join(outcome.dockerConfigFolder, 'config.json'), 'utf8').catch(() => undefined)
      return { outcome, notes, masked, receipts, docker: text === undefined ? undefined : JSON.parse(text) }
    },
    [Symbol.asyncDispose]: async () => {
      await at[Symbol.asyncDispose]()
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
