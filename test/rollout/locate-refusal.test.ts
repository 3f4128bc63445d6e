import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NopassError } from '../../src/errors.ts'
import type { ManifestObject } from '../../src/helm/release/manifest.ts'
import { errorFromResponse } from '../../src/kube/api-error.ts'
import { locateRefusal } from '../../src/rollout/preflight/locate-refusal.ts'
import { loadValues } from '../../src/values/load-values.ts'

const text = `registries: [{ name: a, edition: enterprise, instanceId: cri-abc123, region: cn-hangzhou }]
identity: { type: worker-role }
tolerations:
  - key: dedicated
    operator: Exists
    tolerationSeconds: 30
extraEnv:
  - name: HTTPS_PROXY
    value: http://proxy.example.com:3128
    valueFrom: { fieldRef: { fieldPath: spec.nodeName } }
extraVolumes:
  - { name: ca, configMap: {} }
affinity:
  podAffinty: {}
networkPolicy:
  enabled: true
  egress:
    - ports: [{ port: 10, endPort: 9 }]
topologySpread:
  - { topologyKey: zone, whenUnsatisfiable: ScheduleAnyway, maxSkew: 1 }
  - { topologyKey: zone, whenUnsatisfiable: DoNotSchedule, maxSkwe: 1 }
hostAliases:
  - { ip: "fd00::1", hostname: a }
`
const values = loadValues({ files: [{ name: 'team.yaml', text }] })
const { tolerations, extraEnv, extraVolumes, affinity, networkPolicy, topologySpread, hostAliases } =
  values.merged as Record<string, never[]>

const deployment: ManifestObject = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  namespace: 'acr-system',
  name: 'acr-nopass',
  body: {
    spec: {
      template: {
        spec: {
          tolerations,
          affinity,
          topologySpreadConstraints: topologySpread,
          hostAliases,
          containers: [{ name: 'helper', env: [{ name: 'POD_NAME' }, ...(extraEnv ?? [])] }],
          volumes: [{ name: 'config' }, { name: 'token' }, ...(extraVolumes ?? [])],
        },
      },
    },
  },
}
const policy: ManifestObject = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  namespace: 'acr-system',
  name: 'acr-nopass',
  body: { spec: { egress: [{ ports: [] }, { ports: [] }, ...((networkPolicy as { egress?: never[] }).egress ?? [])] } },
}

/**
 * The place and the fix of an error, after the API server has responded to a dry run of an object.
 */
function located(object: ManifestObject, status: number, body: object): readonly [string, string] {
  const cause = errorFromResponse('PATCH /x', status, JSON.stringify(body), undefined)
  const error = new NopassError('HELM_INVALID_OBJECT', cause.message, { hint: 'the usual fix', cause })
  const { place, hint } = locateRefusal(error, object, values)
  return [[place.file, place.line, place.column].filter(Boolean).join(':'), hint]
}

const POD = 'spec.template.spec'
const invalid = (...fields: string[]): object => ({
  kind: 'Status',
  reason: 'Invalid',
  message: 'Deployment.apps "acr-nopass" is invalid',
  details: { causes: fields.map((field) => ({ reason: 'FieldValueInvalid', message: 'Invalid value', field })) },
})

// ValidateTolerations in pkg/apis/core/validation/validation.go of k8s.io/kubernetes reports the
// field `effect`, which is missing.
test('a refused field is located by its key in the values file, a missing one by the item around it', () => {
  assert.deepEqual(located(deployment, 422, invalid(`${POD}.tolerations[0].tolerationSeconds`)), [
    'team.yaml:6:24',
    'Change `tolerations[0].tolerationSeconds` (team.yaml:6:24).',
  ])
  assert.deepEqual(located(deployment, 422, invalid(`${POD}.tolerations[0].effect`)), [
    'team.yaml:4:5',
    'Change `tolerations[0].effect` (team.yaml:4:5).',
  ])
})

test('items of the values are found behind those of the chart, and an item of the chart is none of the values', () => {
  assert.deepEqual(located(deployment, 422, invalid(`${POD}.containers[0].env[1].valueFrom`)), [
    'team.yaml:10:5',
    'Change `extraEnv[0].valueFrom` (team.yaml:10:5).',
  ])
  assert.deepEqual(located(deployment, 422, invalid(`${POD}.volumes[2].configMap.name`)), [
    'team.yaml:12:17',
    'Change `extraVolumes[0].configMap.name` (team.yaml:12:17).',
  ])
  assert.deepEqual(located(policy, 422, invalid('spec.egress[2].ports[0].endPort')), [
    'team.yaml:18:36',
    'Change `networkPolicy.egress[0].ports[0].endPort` (team.yaml:18:36).',
  ])
  assert.deepEqual(located(deployment, 422, invalid(`${POD}.volumes[1].name`)), ['', 'the usual fix'])
  assert.deepEqual(located(deployment, 422, invalid('spec.selector')), ['', 'the usual fix'])
})

test('several refused fields are named together, each once, and at most three', () => {
  const fields = ['tolerations[0].effect', 'volumes[2].configMap.name', 'tolerations[0].effect']
  const more = ['affinity.podAffinity', 'hostAliases[0].hostnames']
  assert.deepEqual(located(deployment, 422, invalid(...[...fields, ...more].map((field) => `${POD}.${field}`))), [
    'team.yaml:4:5',
    'Change `tolerations[0].effect` (team.yaml:4:5), `extraVolumes[0].configMap.name` (team.yaml:12:17), `affinity.podAffinity` (team.yaml:13:1).',
  ])
})

// ValidationErrors in typed/validate.go of sigs.k8s.io/structured-merge-diff, as a server-side
// apply passes them on.
test('an unknown field and a repeated item are located from the text of the API server', () => {
  const untyped = (...problems: string[]): object => ({
    kind: 'Status',
    message: `failed to create typed patch object (acr-system/acr-nopass; apps/v1, Kind=Deployment): ${problems.length > 1 ? 'errors:\n  ' : ''}${problems.join('\n  ')}`,
  })
  assert.deepEqual(located(deployment, 500, untyped(`.${POD}.affinity.podAffinty: field not declared in schema`)), [
    'team.yaml:14:3',
    'Change `affinity.podAffinty` (team.yaml:14:3).',
  ])
  const twice = `.${POD}.containers[name="helper"].env: duplicate entries for key [name="HTTPS_PROXY"]`
  const within = `.${POD}.containers[name="helper"].env[name="HTTPS_PROXY"].valeu: field not declared in schema`
  assert.deepEqual(located(deployment, 500, untyped(twice, within)), [
    'team.yaml:8:3',
    'Change `extraEnv` (team.yaml:8:3), `extraEnv[0].valeu` (team.yaml:8:5).',
  ])
  const spread = `.${POD}.topologySpreadConstraints[topologyKey="zone",whenUnsatisfiable="DoNotSchedule"].maxSkwe`
  const alias = `.${POD}.hostAliases[ip="fd00::1"].hostname`
  const undeclared = [spread, alias].map((field) => `${field}: field not declared in schema`)
  assert.deepEqual(located(deployment, 500, untyped(...undeclared)), [
    'team.yaml:21:69',
    'Change `topologySpread[1].maxSkwe` (team.yaml:21:69), `hostAliases[0].hostname` (team.yaml:23:32).',
  ])
})

// NewStrictDecodingError in pkg/runtime/error.go of k8s.io/apimachinery.
test('an unknown field is located from the strict decoding of a creation', () => {
  const message = `Deployment in version "v1" cannot be handled as a Deployment: strict decoding error: unknown field "${POD}.affinity.podAffinty"`
  assert.deepEqual(located(deployment, 400, { kind: 'Status', message }), [
    'team.yaml:14:3',
    'Change `affinity.podAffinty` (team.yaml:14:3).',
  ])
})

test('a response that is not a Status, or whose causes are not of its form, changes nothing', () => {
  for (const causes of [
    undefined,
    'x',
    [1, null, { field: 7 }, {}],
    [{ field: '' }, { field: '[[' }, { field: `${POD}.volumes[99]` }],
  ]) {
    assert.deepEqual(located(deployment, 422, { message: 'x', details: { causes } }), ['', 'the usual fix'])
  }
})

test('a field that another client changed keeps the fixes of a conflict: the values are right', () => {
  const body = invalid('.spec.template.spec.tolerations')
  const cause = errorFromResponse('PATCH /x', 409, JSON.stringify({ ...body, reason: 'Conflict' }), undefined)
  const error = new NopassError('HELM_CONFLICT', cause.message, { hint: 'both fixes', cause })
  assert.equal(locateRefusal(error, deployment, values).hint, 'both fixes')
})
