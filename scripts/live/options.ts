import { existsSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { parseObject } from '../../src/lib/json.ts'
import { TestbedError } from '../../tools/testbed-error.ts'

export const USAGE: string = `npm run live -- --region REGION --instance cri-… --repository NAMESPACE/NAME [more]
npm run live -- --clean-up RUN|FILE     removes what a killed run left behind

Answers on a real account what no page of Alibaba Cloud settles (docs/en/release.md lists the questions),
and writes the answers as JSON. Credentials: ALIBABA_CLOUD_ACCESS_KEY_ID, ALIBABA_CLOUD_ACCESS_KEY_SECRET
and, for a session, ALIBABA_CLOUD_SECURITY_TOKEN: of a RAM user or role, not of the account itself.

  --region REGION              the region of the instance
  --instance ID                an Enterprise instance
  --repository NS/NAME         an existing private repository of the instance
  --other-repository NS/NAME   a second one (default: an invented name, which not every registry answers)
  --domain HOST                the registry's host (default: the instance's public domain, else its VPC domain)
  --personal NS/NAME           an existing private repository of the Personal Edition in the same region
  --cluster ID                 an ACK cluster of the region with RRSA: its token and its OIDC provider are used, the
                               provider is not changed; needs \`create serviceaccounts/token\` in the namespace default
  --oidc-token-file FILE       a token of another issuer, such as a self-built cluster:
                               kubectl create token default --audience sts.aliyuncs.com --duration 1h > FILE
  --oidc-provider ARN          the OIDC provider that RAM already has for this issuer: it is used and not changed,
                               so fewer questions are answered
  --stopped-instance ID        an instance of the region that expired or was stopped
  --other-region REGION        another region in which the account has an ACK cluster
  --out FILE                   default: docs/evidence/live-<date>.json
  --records FOLDER             where names are recorded before their creation (default: .cache/live)
  --endpoints JSON             addresses instead of Alibaba Cloud's: ram, sts, cr, cs, imds, registry
  --dry-run                    prints what a run would do, and calls nothing
  --yes                        does not ask`

export interface LiveOptions {
  readonly region: string
  readonly instanceId: string
  readonly repository: string
  readonly otherRepository?: string | undefined
  readonly domain?: string | undefined
  readonly personal?: string | undefined
  /** An ACK cluster with RRSA. */
  readonly cluster?: string | undefined
  readonly oidcTokenFile?: string | undefined
  /** The ARN of an existing provider. */
  readonly oidcProvider?: string | undefined
  readonly stoppedInstance?: string | undefined
  /** A region that has an ACK cluster. */
  readonly otherRegion?: string | undefined
}

export type EndpointMap = Readonly<Partial<Record<(typeof PRODUCTS)[number], string>>>

/** What the command line asks for. */
export type Command = { readonly endpoints: EndpointMap; readonly records: string } & (
  | { readonly do: 'help' }
  | { readonly do: 'clean-up'; readonly run: string }
  | {
      readonly do: 'run'
      readonly options: LiveOptions
      readonly out: string | undefined
      readonly yes: boolean
      readonly dryRun: boolean
    }
)

const PRODUCTS = ['ram', 'sts', 'cr', 'cs', 'imds', 'registry'] as const
const TEXT = { type: 'string' } as const
const FLAG = { type: 'boolean', default: false } as const
const REGION = /^[a-z]{2,}-[a-z0-9-]{2,30}$/
const REPOSITORY = /^[a-z0-9][a-z0-9._-]*(\/[a-z0-9][a-z0-9._-]*)+$/
const CLUSTER = /^c[a-z0-9]{10,40}$/
const PROVIDER = /^acs:ram::\d{10,20}:oidc-provider\/[\w.-]{1,128}$/
const INSTANCE = /^cri-[a-z0-9]{8,40}$/

/** @throws LIVE_ARGUMENTS */
export function readCommand(argv: readonly string[]): Command {
  const values = parse(argv)
  const common = { endpoints: readEndpoints(values.endpoints), records: values.records }
  if (values.help) return { ...common, do: 'help' }
  const cleanUp = values['clean-up']
  if (cleanUp !== undefined) return { ...common, do: 'clean-up', run: cleanUp }
  const check = (flag: keyof typeof values, pattern: RegExp, isNeeded = false): string | undefined => {
    const value = values[flag]
    if (value === undefined && isNeeded) throw wrong(`--${flag} is missing`)
    if (value === undefined || (typeof value === 'string' && pattern.test(value))) return value
    throw wrong(`--${flag}: ${JSON.stringify(value)} is not a valid value`)
  }
  const oidcTokenFile = values['oidc-token-file']
  if (oidcTokenFile !== undefined && !existsSync(oidcTokenFile))
    throw wrong(`--oidc-token-file: ${oidcTokenFile} does not exist`)
  const options: LiveOptions = {
    region: check('region', REGION, true) ?? '',
    instanceId: check('instance', INSTANCE, true) ?? '',
    repository: check('repository', REPOSITORY, true) ?? '',
    otherRepository: check('other-repository', REPOSITORY),
    domain: check('domain', /^[a-z0-9.-]{4,253}(:\d{1,5})?$/),
    personal: check('personal', REPOSITORY),
    stoppedInstance: check('stopped-instance', INSTANCE),
    otherRegion: check('other-region', REGION),
    cluster: check('cluster', CLUSTER),
    oidcTokenFile,
    oidcProvider: check('oidc-provider', PROVIDER),
  }
  if (options.cluster !== undefined && oidcTokenFile !== undefined)
    throw wrong('--cluster and --oidc-token-file exclude each other')
  if (options.oidcProvider !== undefined && oidcTokenFile === undefined)
    throw wrong('--oidc-provider needs --oidc-token-file')
  if (options.otherRepository === options.repository) throw wrong('--other-repository is the same as --repository')
  if (options.otherRegion === options.region) throw wrong('--other-region is the same as --region')
  if (options.stoppedInstance === options.instanceId) throw wrong('--stopped-instance is the same as --instance')
  return { ...common, do: 'run', options, out: values.out, yes: values.yes, dryRun: values['dry-run'] }
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: {
        region: TEXT,
        instance: TEXT,
        repository: TEXT,
        'other-repository': TEXT,
        domain: TEXT,
        personal: TEXT,
        cluster: TEXT,
        'oidc-token-file': TEXT,
        'oidc-provider': TEXT,
        'stopped-instance': TEXT,
        'other-region': TEXT,
        out: TEXT,
        records: { ...TEXT, default: '.cache/live' },
        endpoints: TEXT,
        'clean-up': TEXT,
        'dry-run': FLAG,
        yes: FLAG,
        help: { ...FLAG, short: 'h' },
      },
    }).values
  } catch (error) {
    throw wrong(error instanceof Error ? error.message : String(error))
  }
}

function readEndpoints(text: string | undefined): EndpointMap {
  if (text === undefined) return {}
  const entries = Object.entries(parseObject(text) ?? { '': '' })
  const known: readonly string[] = PRODUCTS
  const isValid = entries.every(([product, url]) => known.includes(product) && typeof url === 'string')
  if (!isValid) throw wrong(`--endpoints: a JSON object of ${PRODUCTS.join(', ')} is expected`)
  return Object.fromEntries(entries)
}

function wrong(message: string): TestbedError {
  return new TestbedError('LIVE_ARGUMENTS', message)
}
