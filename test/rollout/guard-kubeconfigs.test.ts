import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { stringify } from 'yaml'
import { guardKubeconfigs, maskKnownSecrets } from '../../src/rollout/connect/guard-kubeconfigs.ts'
import { kubeconfigSecrets } from '../../src/rollout/connect/kubeconfig-text.ts'
import { loadSettings } from '../../src/rollout/inputs/load-settings.ts'
import { readInputs } from '../../src/rollout/inputs/read-inputs.ts'
import type { Settings } from '../../src/rollout/inputs/settings.ts'
import { takeEnvironment } from '../../src/rollout/inputs/take-environment.ts'

const root = join(import.meta.dirname, '..', '..')
const folder = mkdtempSync(join(tmpdir(), 'acr-nopass-guard-'))
const workspace = join(folder, 'workspace')
mkdirSync(workspace)
writeFileSync(join(workspace, 'ca.pem'), 'a certificate')
writeFileSync(join(folder, 'secret'), 'a secret of the machine')
symlinkSync(join(folder, 'secret'), join(workspace, 'link'))
symlinkSync('/etc/ssl', join(workspace, 'folder-link'))
for (const name of ['yes', 'hostname']) writeFileSync(join(workspace, name), 'read by one reader')
symlinkSync(join(folder, 'secret'), join(workspace, 'true'))
after(() => rmSync(folder, { recursive: true, force: true }))

function kubeconfig(user: object, cluster: object = {}): string {
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: { server: 'https://127.0.0.1:6443', ...cluster } }],
    users: [{ name: 'u', user }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  })
}

/**
 * The settings of a plan whose list has these kubeconfigs. A pull request may contain such a list.
 */
function plan(sources: readonly object[], env: Readonly<Record<string, string>> = {}, inputs = {}): Settings {
  const list = sources.map((source, index) => ({ name: `c${index}`, kubeconfig: source }))
  writeFileSync(join(workspace, 'clusters.yaml'), stringify(list))
  const given: Readonly<Record<string, string>> = { mode: 'plan', 'clusters-file': 'clusters.yaml', ...inputs }
  const { settings, errors } = loadSettings(
    readInputs((name) => given[name]),
    {
      environment: { GITHUB_WORKSPACE: workspace, ...env },
      workingDirectory: workspace,
      chartFolder: join(root, 'chart'),
    },
  )
  assert.deepEqual(errors, [])
  return settings ?? assert.fail()
}

function refusals(settings: Settings, event = 'pull_request_target'): readonly string[] {
  return guardKubeconfigs(settings, { GITHUB_EVENT_NAME: event, GITHUB_WORKSPACE: workspace }).map(
    ({ code, message }) => `${code} ${message}`,
  )
}

const EXEC = { exec: { apiVersion: 'client.authentication.k8s.io/v1', command: 'sh', args: ['-c', 'id'] } }

const ROWS: readonly (readonly [title: string, text: string, refused: RegExp | undefined])[] = [
  ['a token in the file', kubeconfig({ token: 't' }), undefined],
  ['certificates in the file', kubeconfig({ 'client-key-data': 'aw==', 'client-certificate-data': 'Yw==' }), undefined],
  ['a path in the workspace', kubeconfig({ token: 't' }, { 'certificate-authority': 'ca.pem' }), undefined],
  ['an exec plugin', kubeconfig(EXEC), /the key exec of a user/],
  ['an auth provider', kubeconfig({ 'auth-provider': { name: 'gcp' } }), /the key auth-provider of a user/],
  [
    'a token file outside of the workspace',
    kubeconfig({ tokenFile: join(folder, 'secret') }),
    /the path of tokenFile of a user/,
  ],
  [
    'a token file outside of the workspace, through ..',
    kubeconfig({ tokenFile: '../secret' }),
    /the path of tokenFile/,
  ],
  ['a token file outside of the workspace, through a link', kubeconfig({ tokenFile: 'link' }), /the path of tokenFile/],
  ['a token file that does not exist yet', kubeconfig({ tokenFile: 'absent' }), /the path of tokenFile/],
  [
    'a client key outside of the workspace',
    kubeconfig({ 'client-key': '/etc/hostname' }),
    /the path of client-key of a user/,
  ],
  [
    'a client certificate outside of the workspace',
    kubeconfig({ 'client-certificate': '/etc/hostname' }),
    /the path of client-certificate of a user/,
  ],
  [
    'a CA file outside of the workspace',
    kubeconfig({ token: 't' }, { 'certificate-authority': '/etc/hostname' }),
    /certificate-authority of a cl/,
  ],
  ['a proxy', kubeconfig({ token: 't' }, { 'proxy-url': 'http://evil.example.com' }), /the key proxy-url of a cluster/],
  // Forms that go-yaml merges or decodes, but our reader does not.
  ['a merge key', `x: &e { exec: { command: sh } }\nusers: [{ name: u, user: { <<: *e } }]\n`, /the key x at the top/],
  ['a merge in a user', `users: [{ name: u, user: { <<: { exec: { command: sh } } } }]\n`, /the key << of a user/],
  ['a merge in an entry', `users: [{ name: u, <<: { user: { exec: {} } } }]\n`, /the key << of a user/],
  ['a merge at the top', `<<: { users: [{ name: u, user: { exec: {} } }] }\n`, /the key << at the top/],
  ['a binary key', 'users: [{ name: u, user: { ? !!binary ZXhlYw== : { command: sh } } }]\n', /the key .* of a user/],
  ['a duplicate key', 'users: []\nusers: [{ name: u, user: { exec: {} } }]\n', /not a kubeconfig/],
  ['two documents', `${kubeconfig({})}---\n${kubeconfig(EXEC)}`, /not a kubeconfig/],
  // The key next to the forbidden key is allowed for a user.
  [
    'an exec plugin in an entry with another key',
    `users: [{ name: u, token: t, user: ${JSON.stringify(EXEC)} }]\n`,
    /the key token of a user/,
  ],
  [
    'a proxy in an entry with another key',
    'clusters: [{ name: c, server: s, cluster: { proxy-url: "http://e" } }]\n',
    /the key server of a cl/,
  ],
  ['a path that is `true` to helm', 'users: [{ name: u, user: { tokenFile: yes } }]\n', /the path of tokenFile/],
  [
    '.. after a link',
    kubeconfig({ tokenFile: `${join(workspace, 'folder-link')}/../hostname` }),
    /the path of tokenFile/,
  ],
  ['.. that stays in the workspace', kubeconfig({ tokenFile: 'folder/../ca.pem' }), undefined],
  // A character that ends a line, and with it the comment, in YAML 1.1 but not in YAML 1.2.
  ...['\u0085', '\u2028', '\u2029', '\r'].map((end) => {
    const text = `kind: Config # c${end}users: [{ name: u, user: ${JSON.stringify(EXEC)} }]\n`
    return [`users in a comment that U+${end.charCodeAt(0).toString(16)} ends`, text, /not a kubeconfig/] as const
  }),
  ['users that are not a list', 'users: { name: u, user: { exec: {} } }\n', /users that are not a list/],
  ['clusters that are not a list', 'clusters: { name: c }\n', /clusters that are not a list/],
  ['a user that is not a map', 'users: [sh]\n', /a user that is not a map of keys/],
  ['the content of a user that is not a map', 'users: [{ name: u, user: sh }]\n', /a user that is not a map of keys/],
  [
    'the content of a cluster that is not a map',
    'clusters: [{ name: c, cluster: [] }]\n',
    /a cluster that is not a map/,
  ],
  ['nothing', '', /not a kubeconfig/],
  ['a user without content', 'users: [{ name: u }]\nclusters: [{ name: c }]\n', undefined],
  ['empty paths, which no reader opens', kubeconfig({ tokenFile: '', 'client-key': '' }), undefined],
  ['a path that is no text', 'users: [{ name: u, user: { tokenFile: 7 } }]\n', /the path of tokenFile/],
  // Every key that only describes how a cluster is reached and who the user is.
  [
    'every other key of a kubeconfig',
    stringify({
      apiVersion: 'v1',
      kind: 'Config',
      preferences: {},
      extensions: [],
      'current-context': 'x',
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
      clusters: [
        {
          name: 'c',
          cluster: {
            server: 'https://127.0.0.1:6443',
            'certificate-authority': 'ca.pem',
            'certificate-authority-data': 'Yw==',
            'insecure-skip-tls-verify': false,
            'tls-server-name': 'kubernetes',
            'disable-compression': true,
            extensions: [],
          },
        },
      ],
      users: [
        {
          name: 'u',
          user: {
            'client-certificate': 'ca.pem',
            'client-certificate-data': 'Yw==',
            'client-key': 'ca.pem',
            'client-key-data': 'aw==',
            token: 't',
            tokenFile: 'ca.pem',
            username: 'n',
            password: 'p',
            as: 'a',
            'as-uid': 'i',
            'as-groups': ['g'],
            extensions: [],
          },
        },
      ],
    }),
    undefined,
  ],
]

for (const [title, text, refused] of ROWS) {
  test(`security: a kubeconfig of the workspace on a pull request: ${title}`, () => {
    writeFileSync(join(workspace, 'kubeconfig'), text)
    const found = refusals(plan([{ file: 'kubeconfig' }]))
    if (refused === undefined) return assert.deepEqual(found, [])
    assert.equal(found.length, 1)
    assert.match(found[0] ?? '', /^KUBECONFIG_REFUSED c0: /)
    assert.match(found[0] ?? '', refused)
  })
}

test('the text in a clusters file is as untrusted as a file of the workspace; a secret and a file elsewhere are trusted', () => {
  const text = kubeconfig(EXEC)
  const elsewhere = join(folder, 'kubeconfig')
  writeFileSync(elsewhere, text)
  symlinkSync(elsewhere, join(workspace, 'by-link'))
  assert.equal(refusals(plan([{ file: text }])).length, 1)
  assert.equal(refusals(plan([{ file: 'by-link' }])).length, 1)
  // The text is written to a folder of the run, and its relative paths would start there.
  assert.equal(refusals(plan([{ file: kubeconfig({ tokenFile: 'ca.pem' }) }])).length, 1)
  assert.deepEqual(refusals(plan([{ file: kubeconfig({ tokenFile: join(workspace, 'ca.pem') }) }])), [])
  assert.deepEqual(refusals(plan([{ env: 'KUBECONFIG_PROD' }, { file: elsewhere }], { KUBECONFIG_PROD: text })), [])
  assert.deepEqual(refusals(plan([], {}, { 'clusters-file': '', kubeconfig: text })), [])
})

test('without a workspace every file may be from the pull request', () => {
  const elsewhere = join(folder, 'kubeconfig')
  writeFileSync(elsewhere, kubeconfig(EXEC))
  const settings = plan([{ file: elsewhere }])
  const found = (environment: NodeJS.ProcessEnv) =>
    guardKubeconfigs(settings, { GITHUB_EVENT_NAME: 'pull_request', ...environment }).map(({ code }) => code)
  assert.deepEqual([found({}), found({ GITHUB_WORKSPACE: workspace })], [['KUBECONFIG_REFUSED'], []])
})

test('a pipe in place of a kubeconfig is rejected, and does not hang', () => {
  execFileSync('mkfifo', [join(workspace, 'pipe')])
  assert.match(refusals(plan([{ file: 'pipe' }]))[0] ?? '', /not a kubeconfig/)
})

test('on other events the repository is trusted, as its workflows are', () => {
  writeFileSync(join(workspace, 'kubeconfig'), kubeconfig(EXEC))
  const settings = plan([{ file: 'kubeconfig' }])
  for (const event of ['push', 'workflow_dispatch', 'schedule', '']) assert.deepEqual(refusals(settings, event), [])
  for (const event of ['pull_request', 'pull_request_target', 'pull_request_review'])
    assert.equal(refusals(settings, event).length, 1)
})

const PROXY = { 'proxy-url': 'http://jane:p%40ss@proxy.example:3128' }

test('the secrets of all clusters are masked before the first one is called', () => {
  writeFileSync(join(workspace, 'kubeconfig'), kubeconfig({ token: 'token-of-a-file', password: 'password' }))
  const env = {
    ONE: kubeconfig({ 'client-key-data': 'key-of-one' }),
    TWO: kubeconfig({ token: 'token-of-two' }, PROXY),
  }
  const settings = plan([{ env: 'ONE' }, { env: 'TWO' }, { file: 'kubeconfig' }, { file: 'absent' }], env)
  const masked: string[] = []
  const account = { ALIBABA_CLOUD_ACCESS_KEY_SECRET: 'key-secret', ALIBABA_CLOUD_SECURITY_TOKEN: '' }
  maskKnownSecrets(settings, account, (secret) => masked.push(secret))
  const ofSession: string[] = []
  const session = { ALIBABA_CLOUD_ACCESS_KEY_ID: 'id', ALIBABA_CLOUD_SECURITY_TOKEN: ' session-token\n' }
  maskKnownSecrets({ ...settings, selected: [] }, session, (secret) => ofSession.push(secret))
  assert.deepEqual(ofSession, ['session-token'])
  assert.deepEqual(masked, [
    'key-secret',
    'key-of-one',
    'token-of-two',
    'p%40ss',
    'p@ss',
    'token-of-a-file',
    'password',
  ])
})

test('child processes do not inherit what the runner gives only to the action', () => {
  const env = { ACTIONS_ID_TOKEN_REQUEST_TOKEN: 't', INPUT_VALUES: 'v', ALIBABA_CLOUD_ACCESS_KEY_ID: 'k', PATH: '/bin' }
  const all = { ...env }
  assert.deepEqual(takeEnvironment(env), all)
  assert.deepEqual(env, { ALIBABA_CLOUD_ACCESS_KEY_ID: 'k', PATH: '/bin' })
})

test('a secret that a kubeconfig gives its plugin is found in any of the forms that plugins use', () => {
  const secretsOf = (exec: unknown) => kubeconfigSecrets(JSON.stringify({ users: [{ name: 'a', user: { exec } }] }))
  assert.deepEqual(secretsOf({ args: ['-password', 'by-one-dash', '-token=by-equals'] }), ['by-one-dash', 'by-equals'])
  assert.deepEqual(secretsOf({ args: ['--token=two\nlines-of-text'] }), ['two\nlines-of-text'])
  assert.deepEqual(secretsOf({ args: ['token=not-a-flag', 'x--token=not-a-flag'] }), [])
  assert.deepEqual(secretsOf({ args: ['--token'] }), [])
  assert.deepEqual(secretsOf({ args: ['--token', 'seven77'] }), [])
  assert.deepEqual(secretsOf({ args: ['--token', 'eight888'] }), ['eight888'])
  assert.deepEqual(secretsOf({ env: [{ name: 'API_KEY', value: 'only-variables' }, { value: 'x' }, 'y', null] }), [
    'only-variables',
  ])
  assert.deepEqual(secretsOf({ env: { name: 'API_KEY', value: 'no-list' }, args: '--token no-list' }), [])
  for (const exec of ['text', null, 7, []]) assert.deepEqual(secretsOf(exec), [])
})

test('a text that is not a kubeconfig has no secrets', () => {
  const texts = [
    '',
    'users: [',
    'users: { name: a }',
    '- a',
    'users: [a, { user: b }]',
    'clusters: [{ cluster: { proxy-url: 1 } }]',
  ]
  for (const text of texts) assert.deepEqual(kubeconfigSecrets(text), [])
  const twice = { users: [{ user: { token: 'same' } }, { user: { token: 'same', password: '' } }] }
  assert.deepEqual(kubeconfigSecrets(JSON.stringify(twice)), ['same'])
})

test('secrets that a kubeconfig gives its plugin are masked; names, files and ids are not', () => {
  const users = [
    {
      name: 'a',
      user: {
        exec: {
          command: 'get-token',
          args: [
            'login',
            '--client-secret',
            'secret-as-argument',
            '--api-token=token-as-argument',
            '--region',
            'cn-hangzhou',
          ],
          env: [
            { name: 'AWS_SECRET_ACCESS_KEY', value: 'secret-as-variable' },
            { name: 'AWS_ACCESS_KEY_ID', value: 'AKIAIOSFODNN7EXAMPLE' },
            { name: 'TOKEN_FILE', value: '/run/secrets/token' },
            { name: 'AWS_PROFILE', value: 'production' },
            { name: 'USE_TOKEN', value: 'true' },
          ],
        },
      },
    },
    {
      name: 'b',
      user: {
        'auth-provider': {
          name: 'oidc',
          config: { 'client-id': 'kubernetes-client', 'refresh-token': 'refresh-of-mine' },
        },
      },
    },
  ]
  assert.deepEqual(kubeconfigSecrets(JSON.stringify({ users })).toSorted(), [
    'refresh-of-mine',
    'secret-as-argument',
    'secret-as-variable',
    'token-as-argument',
  ])
})
