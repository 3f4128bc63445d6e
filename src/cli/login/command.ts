import { INPUTS, type InputName, LOGIN_ONLY, LOGIN_SHARED } from '../../rollout/inputs/input-table.ts'
import { type Cli, withCommonOptions } from '../program/command.ts'
import { addInput, readFlags } from '../program/input-option.ts'
import type { LoginFlags } from './login.ts'

/** Adds `login` and `logout`: the action's mode `login` and its post step. */
export function addLogin({ program, run }: Cli): void {
  const login = program
    .command('login')
    .description(
      "Log in to registries without a password: get a token that is limited to the repositories, let the registry confirm it, and add it to Docker's configuration.",
    )
  for (const name of LOGIN_ONLY) addInput(login, name, spec(name), 'Which registries and rights:')
  for (const name of LOGIN_SHARED) addInput(login, name, spec(name), groupOf(name))
  login
    .option(
      '--dry-run',
      'show the registries, the rights and the policy of the session; request no token, write nothing',
    )
    .addHelpText('after', LOGIN_HELP)
  withCommonOptions(login).action(
    run<LoginFlags>(async () => {
      const work = await import('./login.ts')
      return (flags, host) => work.login({ ...readFlags(NAMES, flags, host), mode: 'login' }, flags, host)
    }),
  )
  withCommonOptions(
    program
      .command('logout')
      .description(
        "Remove the logins of `acr-nopass login` from Docker's configuration. A login that somebody else made later stays.",
      )
      .addHelpText('after', LOGOUT_HELP),
  ).action(run(async () => (await import('./logout.ts')).logout))
}

const NAMES: readonly InputName[] = [...LOGIN_ONLY, ...LOGIN_SHARED]

/** For a login, the help texts of these inputs differ from those for a rollout. */
const ABOUT: Readonly<Partial<Record<InputName, string>>> = {
  region: 'region of the registry, unless its domain has it',
  'role-to-assume': 'RAM role (ARN) that the job assumes with an OIDC token, or with an access key',
  'oidc-provider-arn': 'OIDC provider (ARN) of the CI in that account',
}

function spec(name: InputName): (typeof INPUTS)[InputName] {
  const about = ABOUT[name] ?? INPUTS[name].about.replace(/^login: /, '')
  return { ...INPUTS[name], about }
}

function groupOf(name: InputName): string {
  return ['region', 'values-files', 'values'].includes(name)
    ? 'Which registries and rights:'
    : 'Credentials of the job:'
}

const LOGIN_HELP = `
Examples:
  acr-nopass login --registry cri-abc123 --region cn-hangzhou --repositories shop/web --push
  acr-nopass login --registry shop-registry.cn-hangzhou.cr.aliyuncs.com
  acr-nopass login -f values.yaml --registries prod --config isolated
  acr-nopass login --registry cri-abc123 --region cn-hangzhou --repositories 'shop/*' --dry-run

Credentials, in this order: --role-to-assume with the OIDC token of the workflow, or of the file ALIBABA_CLOUD_OIDC_TOKEN_FILE;
ALIBABA_CLOUD_ACCESS_KEY_ID and _SECRET; ALIBABA_CLOUD_ROLE_ARN, _OIDC_PROVIDER_ARN and _OIDC_TOKEN_FILE; the profile of aliyun.
Only a session of a role can be limited to repositories. The password is written to Docker's configuration and nowhere else.
With --config isolated, set DOCKER_CONFIG to the folder that the last line names. Log out with \`acr-nopass logout\`.`

const LOGOUT_HELP = `
Examples:
  acr-nopass logout
  DOCKER_CONFIG=/tmp/acr-nopass-docker-x2x4kq acr-nopass logout

Works on the configuration that DOCKER_CONFIG names, or on ~/.docker; an isolated configuration is removed as a whole.
In a job of GitHub, GitLab or Jenkins, logins of other jobs stay.`
