import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readCommand } from '../../../scripts/live/options.ts'

const NEEDED = ['--region', 'cn-hangzhou', '--instance', 'cri-k7x2m9q4w1t8z5h3', '--repository', 'team/app']

test('a wrong, missing or contradictory option is refused with its name', () => {
  const cases: readonly [readonly string[], string][] = [
    [NEEDED.slice(2), '--region is missing'],
    [NEEDED.slice(0, 2), '--instance is missing'],
    [NEEDED.slice(0, 4), '--repository is missing'],
    [[...NEEDED, '--what'], "Unknown option '--what'"],
    [[...NEEDED, 'more'], "Unexpected argument 'more'"],
    [[...NEEDED, '--region', 'cn hangzhou'], '--region: "cn hangzhou" is not a valid value'],
    [[...NEEDED, '--instance', 'cri-*'], '--instance: "cri-*" is not a valid value'],
    [[...NEEDED, '--repository', 'app'], '--repository: "app" is not a valid value'],
    [[...NEEDED, '--repository', 'team/app:1'], '--repository: "team/app:1" is not a valid value'],
    [[...NEEDED, '--other-repository', 'team/app'], '--other-repository is the same as --repository'],
    [[...NEEDED, '--stopped-instance', NEEDED[3] ?? ''], '--stopped-instance is the same as --instance'],
    [[...NEEDED, '--other-region', 'cn-hangzhou'], '--other-region is the same as --region'],
    [[...NEEDED, '--other-region', 'Beijing'], '--other-region: "Beijing" is not a valid value'],
    [[...NEEDED, '--oidc-token-file', '/none'], '--oidc-token-file: /none does not exist'],
    [
      [...NEEDED, '--endpoints', '{"oss":"https://x"}'],
      '--endpoints: a JSON object of ram, sts, cr, cs, imds, registry is',
    ],
    [[...NEEDED, '--endpoints', '{"ram":1}'], '--endpoints: a JSON object of ram, sts, cr, cs, imds, registry is'],
    [[...NEEDED, '--cluster', 'prod'], '--cluster: "prod" is not a valid value'],
    [
      [...NEEDED, '--cluster', 'c11111111111111111111111111111111', '--oidc-token-file', import.meta.filename],
      '--cluster and --oidc-token-file exclude each other',
    ],
    [[...NEEDED, '--oidc-provider', 'theirs'], '--oidc-provider: "theirs" is not a valid value'],
    [
      [...NEEDED, '--oidc-provider', 'acs:ram::1427736501988243:oidc-provider/theirs'],
      '--oidc-provider needs --oidc-token-file',
    ],
    [[...NEEDED, '--endpoints', 'https://x'], '--endpoints: a JSON object of ram, sts, cr, cs, imds, registry is'],
  ]
  for (const [args, message] of cases) {
    const isExpected = (error: Error): boolean => error.message.startsWith(message)
    assert.throws(() => readCommand(args), isExpected, message)
  }
})

test('an option that is not given has its default', () => {
  const options = { region: 'cn-hangzhou', instanceId: 'cri-k7x2m9q4w1t8z5h3', repository: 'team/app' }
  const { options: given, ...rest } = readCommand(NEEDED) as { options: object }
  assert.deepEqual(JSON.parse(JSON.stringify(given)), options)
  assert.deepEqual(rest, {
    do: 'run',
    endpoints: {},
    records: '.cache/live',
    out: undefined,
    yes: false,
    dryRun: false,
  })
  assert.deepEqual(readCommand(['--clean-up', 'x']), {
    do: 'clean-up',
    run: 'x',
    endpoints: {},
    records: '.cache/live',
  })
  assert.equal(readCommand(['-h']).do, 'help')
})
