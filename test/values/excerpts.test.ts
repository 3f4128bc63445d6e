import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { stringify } from 'yaml'
import { readExcerpts } from '../../src/values/excerpt-line.ts'
import { explainErrors } from '../../src/values/explain.ts'
import { loadClusters } from '../../src/values/load-clusters.ts'
import { loadValues } from '../../src/values/load-values.ts'
import { errorData } from '../../src/values/values-error.ts'

const SECRET = 'SuperSecretValue1'
const explained = (text: string): string => {
  const file = { name: 'values.yaml', text }
  return explainErrors(loadValues({ files: [file] }).errors, [file])
}

/** Returns everything that an error shows, as text and as data. */
const said = (text: string): string => {
  const file = { name: 'values.yaml', text }
  const { errors } = loadValues({ files: [file] })
  return `${explainErrors(errors, [file])}\n${JSON.stringify(errors.map(errorData))}`
}

for (const [title, text] of [
  [
    'the first key of a map that lacks another key',
    `registries: []\nidentity:\n  type: access-key\n  accessKey:\n    accessKeySecret: ${SECRET}\n`,
  ],
  ['a static registry that begins with its password', `registries:\n  - password: ${SECRET}\n    edition: static\n`],
  ['an identity of one key', `registries: []\nidentity: { accessKey: ${SECRET} }\n`],
  ['a typing error beside it', `registries: [{ edition: enterprize, name: a, password: ${SECRET} }] # ${SECRET}\n`],
  ['a number that parsers read differently', `registries: []\npassword: 0777\nidentity: { token: 0777 }\n`],
] as const) {
  test(`the excerpt of an error never shows a secret next to it: ${title}`, () => {
    const shown = explained(text)
    assert.notEqual(shown, '')
    assert.ok(!shown.includes(SECRET) && !shown.includes('0777'), shown)
  })
}

for (const [title, text] of [
  ['a map of defaults', 'defaults: { a: &a 0717263 }\nidentity: { accessKey: { password: *a } }\n'],
  ['a list of defaults, merged', 'all: [&b { c: &a 1e999 }]\nregistries: [{ <<: *b, password: *a }]\n'],
  ['the key of another registry', 'registries:\n  - { name: &a 1_234_567 }\n  - { token: *a }\n'],
] as const) {
  test(`a number is not shown at its anchor if an alias repeats it under the key of a secret: ${title}`, () => {
    const shown = said(text)
    assert.match(shown, /a value that parsers read differently/)
    assert.doesNotMatch(shown, /0717263|1e999|1_234_567/)
  })
}

test('an excerpt shows keys, and the value that the error is about', () => {
  const text = 'a: &x { edition: enterprize, name: "b", list: [c, *x] } # d\n'
  assert.deepEqual(readExcerpts(text)?.(1, 18), {
    text: 'a: … { edition: enterprize, name: …, list: […, …] } …',
    column: 17,
    length: 10,
  })
})

test('a value that looks like a secret is not shown, even if the error is about this value', () => {
  assert.equal(readExcerpts('a: LTAI5tAbCdEfGhIjKlMn\n')?.(1, 4).text, 'a: …')
  assert.equal(readExcerpts('myToken: { a: hunter2 }\n')?.(1, 15).text, 'myToken: { a: … }')
})

for (const [title, text] of [
  ['a key without a space after its colon', `registries: [{ edition: static, password:${SECRET} }]\n`],
  ['that key twice', `registries: [{ password:${SECRET}, password:${SECRET} }]\n`],
  ['an equals sign for a colon', `registries: [{ edition: static, password=${SECRET} }]\n`],
  ['a forgotten colon', `registries:\n  - ? password ${SECRET}\n`],
  ['a key without a space that is the only text', `registries: []\nidentity:\n  password:${SECRET}\n`],
  ['lines that became one text', `registries:\n  - name:a\n    password:${SECRET}\n`],
  ['a key that begins a map', `registries: [{ "token:${SECRET}": { edition: static } }]\n`],
  ['a variable written as in a shell', `extraEnv:\n  - name: PASSWORD=${SECRET}\n  - name: PASSWORD=${SECRET}\n`],
  ['a text that is a file', `logLevel: |\n  x:\n    client-key-data: ${SECRET}\n`],
  ['a private key in base64', `logLevel: LS0tLS1CRUdJTi${SECRET}\n`],
  ['a login before a host', `registries: [{ name: a, edition: static, domains: ["robot:${SECRET}@h.example.com"] }]\n`],
  ['a login that a hint would repeat', `registries: [{ edition: static, domains: ["https://robot:${SECRET}@h"] }]\n`],
  [
    'a login of two registries',
    `registries:\n${`  - { edition: static, domains: ["robot:${SECRET}@h"] }\n`.repeat(2)}`,
  ],
  ['a password that begins with a star', `registries: []\npassword: *${SECRET}\n`],
  ['a variable that begins with a star', `extraEnv:\n  - { name: LOGIN, value: *${SECRET} }\n`],
  ['an id of two registries', `registries:\n${`  - { edition: enterprise, instanceId: token=${SECRET} }\n`.repeat(2)}`],
  ['a volume that is there twice', `extraVolumes:\n${`  - { name: "password:${SECRET}" }\n`.repeat(2)}`],
  ['a mount of an unknown volume', `extraVolumeMounts:\n  - { name: "password:${SECRET}", mountPath: /a }\n`],
  [
    'two mounts at one place',
    `extraVolumes: [{ name: a }]\nextraVolumeMounts:\n${`  - { name: a, mountPath: /password=${SECRET} }\n`.repeat(2)}`,
  ],
  [
    'two sources of one file',
    `extraVolumes:\n  - { name: a, projected: { sources: [${`{ downwardAPI: { items: [{ path: "token=${SECRET}" }] } },`.repeat(2)}] } }\n`,
  ],
  [
    'two constraints for one topology',
    `topologySpread:\n${`  - { topologyKey: password=${SECRET}, whenUnsatisfiable: ScheduleAnyway }\n`.repeat(2)}`,
  ],
  [
    'a label that two lists name',
    `topologySpread:\n  - topologyKey: a\n    whenUnsatisfiable: DoNotSchedule\n    matchLabelKeys: ["token=${SECRET}"]\n    labelSelector: { matchLabels: { "token=${SECRET}": a } }\n`,
  ],
  ['the name of a Secret', `secretName: token=${SECRET}\nregistries: [{ existingSecret: token=${SECRET} }]\n`],
  ['a glob', `scope: namespaces\ntargets: { namespaces: { include: ["token=${SECRET}*"] } }\n`],
  [
    'a glob that is excluded',
    `targets: { namespaces: { include: ["token=${SECRET}"], exclude: ["token=${SECRET}"] } }\n`,
  ],
  ['a label of ours', `commonLabels: { "acr-nopass.io/token=${SECRET}": a }\n`],
  ['a device', `resources: { limits: { "a/token=${SECRET}": 0.5 } }\n`],
  ['a device that is only requested', `resources: { requests: { "a/token=${SECRET}": 1 } }\n`],
] as const) {
  test(`no message, fix, path or value of an error contains a secret: ${title}`, () => {
    const shown = said(text)
    assert.ok(shown.includes('fix: ') && !shown.toLowerCase().includes(SECRET.toLowerCase()), shown)
  })
}

for (const key of ['extraEnv: [{ name: LOGIN, value: 9081_7001 }]', 'podAnnotations: { login: 9081_7001 }']) {
  test(`an ambiguous number is not shown under a key that allows any text: ${key}`, () => {
    const shown = said(`${key}\n`)
    assert.match(shown, /YAML_AMBIGUOUS: a value that parsers read differently/)
    assert.ok(!shown.replaceAll('_', '').includes('90817001'), shown)
  })
}

test('a quoted number is not shown under the key of a secret', () => {
  const token = '{ path: a, expirationSeconds: "90817001" }'
  const shown = said(`extraVolumes: [{ name: a, projected: { sources: [{ serviceAccountToken: ${token} }] } }]\n`)
  assert.match(shown, /SCHEMA_TYPE/)
  assert.ok(!shown.includes('90817001'), shown)
})

test('two clusters of one kubeconfig get two errors or none, even if their contexts must not be shown', () => {
  const entry = (name: string, context: string): string =>
    `- { name: ${name}, kubeconfig: { file: a.yaml, context: "${context}" } }\n`
  const load = (text: string) => loadClusters({ name: 'c.yaml', text }).errors.map(({ message }) => message)
  assert.deepEqual(load(entry('a', 'token=x') + entry('b', 'token=y')), [])
  assert.deepEqual(load(entry('a', 'token=x') + entry('b', 'token=x')), [
    'this entry and the one in line 1 are both the release acr-nopass/acr-nopass of context … of file a.yaml',
  ])
})

test('two keys that must not be shown get two errors', () => {
  const { errors } = loadValues({ files: [{ name: 'v.yaml', text: 'registries: []\n"token:a": 1\n"token:b": 1\n' }] })
  assert.equal(errors.filter(({ code }) => code === 'SCHEMA_UNKNOWN_KEY').length, 2)
})

test('the digest of an image does not count as a login', () => {
  const digest = `registry.example.com/a@sha256:${'a'.repeat(64)}`
  assert.equal(readExcerpts(`image: ${digest}\n`)?.(1, 8).text, `image: ${digest}`)
})

const MARKER = 'Marker1x'
const key = fc.stringMatching(/^[a-z]{1,8}$/)
const value = fc.letrec((tie) => ({
  node: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom(MARKER, `${MARKER} b`, `a: ${MARKER}`, `${MARKER}\n${MARKER}\n`, `#${MARKER}`, `'${MARKER}"`),
    fc.array(tie('node'), { maxLength: 3 }),
    fc.dictionary(key, tie('node'), { maxKeys: 3 }),
  ),
})).node

test('no line of a document, in any style, shows a value that the error is not about', () => {
  const style = fc.record({
    collectionStyle: fc.constantFrom('any' as const, 'block' as const, 'flow' as const),
    defaultStringType: fc.constantFrom(
      'PLAIN' as const,
      'QUOTE_DOUBLE' as const,
      'QUOTE_SINGLE' as const,
      'BLOCK_LITERAL' as const,
    ),
    lineWidth: fc.constantFrom(0, 20, 80),
  })
  fc.assert(
    fc.property(fc.dictionary(key, value, { minKeys: 1, maxKeys: 4 }), style, (document, options) => {
      const text = `${stringify(document, { ...options, defaultKeyType: 'PLAIN' })}# ${MARKER}\nlast: &${MARKER} [${MARKER}]\n`
      for (const [index] of text.split('\n').entries()) {
        const shown = readExcerpts(text)?.(index + 1, 1)
        assert.ok(!shown?.text.includes(MARKER), `${shown?.text}\n${text}`)
      }
    }),
    { numRuns: 300 },
  )
})
