import assert from 'node:assert/strict'
import { test } from 'node:test'
import { diagnose } from '../../src/doctor/diagnose.ts'
import type { FindingId } from '../../src/doctor/finding.ts'
import type { Observed, PodFacts } from '../../src/doctor/observed.ts'
import { coveringRegistries, createPodContext, recreate } from '../../src/doctor/pod/pod-context.ts'
import {
  account,
  fixture,
  HOST,
  IMAGE,
  limitedEntry,
  limitedRegistry,
  namespace,
  registry,
  secret,
  stuckPod,
} from './fixture.ts'

interface Row {
  readonly title: string
  readonly pod: PodFacts
  readonly fixture?: Parameters<typeof fixture>[0]
  readonly id: FindingId
  readonly message: RegExp
}

const admission = { config: { attach: 'admission' } }
const bare = { references: [] }

/** Real messages of nodes: containerd 2.x and CRI-O. */
const DENIED = `failed to pull and unpack image "${IMAGE}": failed to resolve reference "${IMAGE}": pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed`
const UNAUTHORIZED = `failed to authorize: failed to fetch anonymous token: unexpected status from GET request to https://dockerauth.cn-hangzhou.aliyuncs.com/auth: 401 Unauthorized`
const ABSENT = `failed to resolve reference "${IMAGE}": ${IMAGE}: not found`
const NO_HOST = `failed to do request: Head "https://${HOST}/v2/team/app/manifests/1": dial tcp: lookup ${HOST} on 10.0.0.2:53: no such host`
const VPC_HOST = 'demo-registry-vpc.cn-hangzhou.cr.aliyuncs.com'
const NO_VPC = `dial tcp: lookup ${VPC_HOST} on 100.100.2.136:53: no such host`
const TIMEOUT = `failed to do request: Head "https://${HOST}/v2/team/app/manifests/1": dial tcp 10.1.2.3:443: i/o timeout`
const X509 = `failed to do request: Head "https://${HOST}/v2/": tls: failed to verify certificate: x509: certificate signed by unknown authority`

const TAG_429 = `${HOST}/team/app:20260429`
const CERTIFICATE = `${HOST}/infra/certificate-service:1`

const ROWS: readonly Row[] = [
  {
    title: 'an ACR instance that is not a registry of the release',
    pod: stuckPod({ image: 'other-registry.cn-beijing.cr.aliyuncs.com/a/b:1' }),
    id: 'POD_UNCOVERED',
    message: /No registry of the release covers other-registry\.cn-beijing\.cr\.aliyuncs\.com \(it has demo\)/,
  },
  {
    title: 'a registry outside ACR',
    pod: stuckPod({ image: 'nginx:latest', detail: TIMEOUT }),
    id: 'POD_UNCOVERED',
    message: /docker\.io is not a registry of the release.*cannot reach/,
  },
  {
    title: 'another namespace of one host that two accounts share',
    pod: stuckPod({ image: 'registry.cn-hangzhou.aliyuncs.com/mine/app' }),
    fixture: { registries: [registry({ domains: ['registry.cn-hangzhou.aliyuncs.com/theirs'] })] },
    id: 'POD_UNCOVERED',
    message: /No registry of the release covers registry\.cn-hangzhou\.aliyuncs\.com/,
  },
  {
    title: 'a namespace that opted out',
    pod: stuckPod(bare),
    fixture: { namespaces: [namespace('shop', { optedOut: true })] },
    id: 'POD_OPTED_OUT',
    message: /kubectl label namespace shop acr-nopass\.io\/skip-/,
  },
  {
    title: 'a namespace that is not a target',
    pod: stuckPod({ ...bare, namespace: 'kube-system' }),
    id: 'POD_NOT_TARGETED',
    message: /Namespace kube-system is not a target of registry demo/,
  },
  {
    title: 'an image outside of the repositories to which the namespace is limited',
    pod: stuckPod(bare),
    fixture: {
      config: { registries: [limitedEntry('base', ['shop']), limitedEntry('team-b', ['other'])] },
      registries: [limitedRegistry(['base'], 'base')],
    },
    id: 'POD_OUTSIDE_LIMIT',
    message: /The credential of namespace shop is limited to base\/\*, so it may not pull team\/app/,
  },
  {
    title: 'an image outside of the limit, in a namespace that also has a registry without a limit',
    pod: stuckPod(bare),
    fixture: {
      config: {
        registries: [
          limitedEntry('base', ['shop']),
          { name: 'far', edition: 'enterprise', instanceId: 'cri-def456', region: 'cn-hangzhou' },
        ],
      },
      registries: [limitedRegistry(['base'], 'base'), registry({ name: 'far', domains: ['far.example.com'] })],
    },
    id: 'POD_OUTSIDE_LIMIT',
    message: /The credential of namespace shop is limited to base\/\*, so it may not pull team\/app/,
  },
  {
    title: 'a ServiceAccount that is not a target',
    pod: stuckPod({ ...bare, serviceAccount: 'builder' }),
    fixture: { config: { targets: { serviceAccounts: { include: ['*'], exclude: ['build*'] } } } },
    id: 'POD_NOT_TARGETED',
    message: /ServiceAccount builder is not one of/,
  },
  {
    title: 'a ServiceAccount that opted out',
    pod: stuckPod(bare),
    fixture: { accounts: [account('shop', 'default', { list: [], optedOut: true })] },
    id: 'POD_OPTED_OUT',
    message: /annotate serviceaccount default acr-nopass\.io\/skip-/,
  },
  {
    title: 'a Pod that opted out at admission',
    pod: stuckPod({ ...bare, optedOut: true }),
    fixture: admission,
    id: 'POD_OPTED_OUT',
    message: /The Pod carries the label/,
  },
  {
    title: 'a Pod with its own list',
    pod: stuckPod({ references: ['own'] }),
    id: 'POD_HAS_OWN_PULL_SECRETS',
    message: /names its own pull secrets \(own\)/,
  },
  ...[['own'], []].map((references) => ({
    title: `no permission to read ServiceAccounts, and a Pod with ${references.length} pull secrets`,
    pod: stuckPod({ references, detail: DENIED }),
    fixture: { accounts: undefined },
    id: 'POD_STUCK' as const,
    message: /without the right to read ServiceAccounts, doctor cannot find out why/,
  })),
  {
    title: 'a ServiceAccount that lacks the reference',
    pod: stuckPod(bare),
    fixture: { accounts: [account('shop', 'default', { list: [] })] },
    id: 'POD_UNREFERENCED',
    message: /ServiceAccount default does not name acr-nopass/,
  },
  {
    title: 'a Pod from before the reference',
    pod: stuckPod({ ...bare, detail: DENIED }),
    id: 'POD_TOO_OLD',
    message:
      /admitted before[\s\S]*Delete the Pod; its controller creates it again with the reference\.\nkubectl -n shop delete pod web-1/,
  },
  {
    title: 'a Pod without an owner from before the reference, at admission',
    pod: stuckPod({ ...bare, owner: undefined, detail: DENIED }),
    fixture: admission,
    id: 'POD_TOO_OLD',
    message: /no controller replaces it/,
  },
  {
    title: 'no Secret',
    pod: stuckPod(),
    fixture: { secrets: new Map([['acr-nopass', secret()]]) },
    id: 'POD_WITHOUT_SECRET',
    message: /There is no Secret acr-nopass in namespace shop/,
  },
  {
    title: "another client's Secret",
    pod: stuckPod(),
    fixture: { secrets: new Map([['shop', secret({ ours: false })]]) },
    id: 'POD_CREDENTIAL',
    message: /belongs to another owner/,
  },
  {
    title: 'an expired Secret',
    pod: stuckPod(),
    fixture: { secrets: new Map([['shop', secret({ expiresAt: 1 })]]) },
    id: 'POD_CREDENTIAL',
    message: /has expired/,
  },
  {
    title: 'a registry that refuses its credential',
    pod: stuckPod(),
    fixture: { registries: [registry({ verified: 'refused' })] },
    id: 'POD_CREDENTIAL',
    message: /Registry demo has no working credential/,
  },
  {
    title: 'a repository out of reach',
    pod: stuckPod({ detail: DENIED }),
    id: 'POD_DENIED',
    message: /lacks the right to pull this/,
  },
  {
    title: 'a login that is refused',
    pod: stuckPod({ detail: UNAUTHORIZED }),
    id: 'POD_DENIED',
    message: /401 Unauthorized/,
  },
  {
    title: 'a tag that does not exist',
    pod: stuckPod({ detail: ABSENT }),
    id: 'POD_IMAGE_ABSENT',
    message: /repository or tag/,
  },
  {
    title: 'a host without an address',
    pod: stuckPod({ detail: NO_HOST }),
    id: 'POD_NETWORK',
    message: /DNS and internet access/,
  },
  {
    title: 'a VPC domain that is not linked',
    pod: stuckPod({ image: `${VPC_HOST}/team/app:1`, detail: NO_VPC }),
    fixture: { registries: [registry({ domains: [HOST, VPC_HOST] })] },
    id: 'POD_VPC_UNLINKED',
    message: /Access Control, VPC/,
  },
  {
    title: 'a registry that only supports HTTP',
    pod: stuckPod({ detail: 'http: server gave HTTP response to HTTPS client' }),
    id: 'POD_HTTP',
    message: /hosts\.toml/,
  },
  {
    title: 'a throttled pull',
    pod: stuckPod({ detail: '429 Too Many Requests: toomanyrequests' }),
    id: 'POD_THROTTLED',
    message: /throttles the pulls/,
  },
  {
    title: 'an image for other machines',
    pod: stuckPod({ detail: 'failed to unpack image: no match for platform in manifest: not found' }),
    id: 'POD_ARCHITECTURE',
    message: /kubernetes\.io\/arch/,
  },
  {
    title: 'a pull policy of Never',
    pod: stuckPod({ waiting: 'ErrImageNeverPull' }),
    id: 'POD_NEVER_PULLS',
    message: /imagePullPolicy: IfNotPresent/,
  },
  {
    title: 'no name of an image',
    pod: stuckPod({ image: `https://${HOST}/team/app:1`, waiting: 'InvalidImageName' }),
    id: 'POD_IMAGE_NAME',
    message: /no https:\/\/ before it/,
  },
  {
    title: 'a registry out of reach',
    pod: stuckPod({ detail: TIMEOUT }),
    id: 'POD_NETWORK',
    message: /cannot reach/,
  },
  {
    title: 'an unknown certificate',
    pod: stuckPod({ detail: X509 }),
    id: 'POD_CERTIFICATE',
    message: /does not trust/,
  },
  // A tag, a digest or a repository's name must not be mistaken for the node's verdict.
  {
    title: 'a tag that does not exist and contains 429',
    pod: stuckPod({ image: TAG_429, detail: `failed to resolve reference "${TAG_429}": ${TAG_429}: not found` }),
    id: 'POD_IMAGE_ABSENT',
    message: /repository or tag/,
  },
  {
    title: 'a repository out of reach, and a tag that contains 429',
    pod: stuckPod({ image: TAG_429, detail: DENIED.replaceAll(IMAGE, TAG_429) }),
    id: 'POD_DENIED',
    message: /lacks the right to pull this/,
  },
  {
    title: 'a repository out of reach whose name contains certificate',
    pod: stuckPod({ image: CERTIFICATE, detail: DENIED.replaceAll(IMAGE, CERTIFICATE) }),
    id: 'POD_DENIED',
    message: /lacks the right to pull this/,
  },
  {
    title: 'a full disk, and a tag that contains 403',
    pod: stuckPod({
      image: `${HOST}/team/app:20260403`,
      detail: `failed to pull and unpack image "${HOST}/team/app:20260403": write /var/lib/containerd/x: no space left on device`,
    }),
    id: 'POD_DISK_FULL',
    message: /disk of the node is full/,
  },
  {
    title: 'a kubelet that only backs off, and a tag that contains 403',
    pod: stuckPod({
      image: `${HOST}/team/app:20260403`,
      detail: `Back-off pulling image "${HOST}/team/app:20260403"`,
    }),
    id: 'POD_STUCK',
    message: /reports a reason that doctor does not know/,
  },
  {
    title: 'a timeout of a layer whose digest contains 429 and 401',
    pod: stuckPod({
      detail: `failed to copy: httpReadSeeker: failed open: failed to do request: Get "https://${HOST}/v2/team/app/blobs/sha256:${'429401'.repeat(11).slice(0, 64)}": dial tcp 10.1.2.3:443: i/o timeout`,
    }),
    id: 'POD_NETWORK',
    message: /cannot reach/,
  },
  // Failures that no credential can fix must not be attributed to the credential.
  ...(
    [
      ['a tag that is not there', ABSENT, 'POD_IMAGE_ABSENT'],
      ['an unknown certificate', X509, 'POD_CERTIFICATE'],
      ['a host without an address', NO_HOST, 'POD_NETWORK'],
      ['a full disk', 'write /var/lib/containerd/x: no space left on device', 'POD_DISK_FULL'],
      ['a throttled pull', '429 Too Many Requests: toomanyrequests', 'POD_THROTTLED'],
      ['an image for other machines', 'no match for platform in manifest: not found', 'POD_ARCHITECTURE'],
    ] as const
  ).flatMap(([title, detail, id]) => [
    { title: `${title}, with a list of its own`, pod: stuckPod({ references: ['own'], detail }), id, message: /./ },
    {
      title: `${title}, without the reference`,
      pod: stuckPod({ ...bare, owner: undefined, detail }),
      id,
      message: /./,
    },
  ]),
  {
    title: 'a denied Pod with its own list',
    pod: stuckPod({ references: ['own'], detail: DENIED }),
    id: 'POD_HAS_OWN_PULL_SECRETS',
    message: /names its own pull secrets \(own\)/,
  },
  // A list that was copied from the ServiceAccount does not count as the Pod's own.
  {
    title: 'a Pod made during a migration, with the list that its ServiceAccount had',
    pod: stuckPod({ references: ['aliyun-acr-credential-a'], detail: DENIED }),
    fixture: { accounts: [account('shop', 'default', { list: ['aliyun-acr-credential-a', 'acr-nopass'] })] },
    id: 'POD_TOO_OLD',
    message: /kubectl -n shop delete pod web-1/,
  },
  {
    title: 'a Pod without a controller: its manifest is read, and nothing is deleted',
    pod: stuckPod({ ...bare, owner: undefined, detail: DENIED }),
    id: 'POD_TOO_OLD',
    message: /kubectl -n shop get pod web-1 -o yaml/,
  },
  // The node's own problems must not be mistaken for the registry's verdict.
  ...(
    [
      [
        'a file that containerd may not open',
        'failed to extract layer: open /var/lib/containerd/x: permission denied',
        'POD_STUCK',
        /runtime fails/,
      ],
      [
        'no containerd',
        'transport: Error while dialing: dial unix /run/containerd/containerd.sock: connect: connection refused',
        'POD_STUCK',
        /runtime fails/,
      ],
      [
        'a layer that is not on the disk',
        'failed commit on ref "layer": rename /var/lib/x: no such file or directory: not found',
        'POD_STUCK',
        /runtime fails/,
      ],
      [
        'a runtime that is slow',
        'rpc error: code = DeadlineExceeded desc = context deadline exceeded',
        'POD_STUCK',
        /reports a reason that doctor does not know/,
      ],
      [
        'a DNS server that does not respond',
        `dial tcp: lookup ${HOST} on 10.0.0.2:53: read udp 10.0.0.3:4444->10.0.0.2:53: i/o timeout`,
        'POD_NETWORK',
        /DNS server of the node|DNS server does not respond/,
      ],
      [
        'a credential that is refused',
        'failed to authorize: failed to fetch oauth token: unexpected status from POST request to https://dockerauth.cn-hangzhou.aliyuncs.com/auth: 401 Unauthorized',
        'POD_LOGIN_REFUSED',
        /rejects the credential/,
      ],
      ['no credential', 'authorization failed: no basic auth credentials', 'POD_DENIED', /the node sent none/],
      [
        'a storage that refuses',
        `failed to copy: httpReadSeeker: failed open: unexpected status code https://oss-cn-hangzhou.aliyuncs.com/x?Expires=1: 403 Forbidden`,
        'POD_STUCK',
        /storage behind it rejects/,
      ],
    ] as const
  ).map(([title, detail, id, message]) => ({ title, pod: stuckPod({ detail }), id, message })),
  {
    title: 'a DNS server that does not respond, for a VPC domain',
    pod: stuckPod({
      image: `${VPC_HOST}/team/app:1`,
      detail: `dial tcp: lookup ${VPC_HOST} on 10.0.0.2:53: read udp 10.0.0.3:4444->10.0.0.2:53: i/o timeout`,
    }),
    fixture: { registries: [registry({ domains: [HOST, VPC_HOST] })] },
    id: 'POD_NETWORK',
    message: /DNS server does not respond/,
  },
  ...['Job/import', 'TaskRun/build', 'Workflow/nightly'].map((owner) => ({
    title: `a Pod of ${owner}, which does not recreate a deleted Pod`,
    pod: stuckPod({ ...bare, owner, detail: DENIED }),
    id: 'POD_TOO_OLD' as const,
    message: /kubectl -n shop get pod web-1 -o yaml/,
  })),
  { title: 'no reason at all', pod: stuckPod(), id: 'POD_STUCK', message: /kubectl -n shop describe pod web-1/ },
]

for (const row of ROWS) {
  test(`doctor: a Pod cannot pull: ${row.title}`, () => {
    const observed: Observed = fixture({ ...row.fixture, pods: [row.pod] })
    const findings = diagnose(observed).filter(({ id }) => id.startsWith('POD_'))
    assert.deepEqual(
      findings.map(({ id, subject }) => [id, subject]),
      [[row.id, `Pod ${row.pod.namespace}/web-1`]],
    )
    const [{ cause, fix, command } = { cause: '', fix: '', command: '' }] = findings
    assert.match(`${cause}\n${fix}\n${command}`, row.message)
  })
}

test('doctor: Pods with one cause and image are one finding, a running Pod without the reference is not an error', () => {
  const pods: PodFacts[] = [
    ...['web-1', 'web-2', 'web-3'].map((name) => stuckPod({ name, references: [], detail: DENIED })),
    { ...stuckPod({ name: 'old', references: [] }), containers: [{ name: 'app', image: IMAGE, running: true }] },
    {
      ...stuckPod({ name: 'elsewhere', references: [] }),
      containers: [{ name: 'app', image: 'nginx', running: true }],
    },
  ]
  const findings = diagnose(fixture({ pods }))
  assert.deepEqual(
    findings.map(({ severity, id, subject, objects }) => [severity, id, subject, objects]),
    [
      ['error', 'POD_TOO_OLD', '3 Pods', ['shop/web-1', 'shop/web-2', 'shop/web-3']],
      ['info', 'PODS_OLD', '1 Pod', ['shop/old']],
    ],
  )
})

const running: PodFacts['containers'] = [{ name: 'app', image: IMAGE, running: true }]
const NOT_OURS: readonly (readonly [title: string, pod: Partial<PodFacts>, change: Parameters<typeof fixture>[0]])[] = [
  ['opted out', { optedOut: true }, {}],
  ['has the reference', { references: ['acr-nopass'] }, {}],
  ['runs in a namespace that is being deleted', {}, { namespaces: [namespace('shop', { terminating: true })] }],
  ['runs in a namespace that is not a target', {}, { namespaces: [namespace('shop', { optedOut: true })] }],
  ['runs in a namespace that is not known', { namespace: 'bank' }, {}],
  [
    'has a ServiceAccount that is not a target',
    {},
    { config: { targets: { serviceAccounts: { exclude: ['default'] } } } },
  ],
  ['is static', { isStatic: true }, {}],
]
for (const [title, pod, change] of NOT_OURS) {
  test(`doctor reports no Pod as older than the reference if it ${title}`, () => {
    const pods = [{ ...stuckPod({ references: [], ...pod }), containers: running }]
    assert.deepEqual(
      diagnose(fixture({ pods, ...change })).filter(({ id }) => id === 'PODS_OLD'),
      [],
    )
  })
}

test("P6 a node's message is shown without anything like a credential", () => {
  const token = `eyJhbGciOiJSUzI1NiJ9.${'x'.repeat(60)}.${'y'.repeat(60)}`
  const [finding] = diagnose(fixture({ pods: [stuckPod({ detail: `401 Unauthorized: token ${token}` })] }))
  assert.match(finding?.cause ?? '', /401 Unauthorized: token \(redacted\)/)
  assert.doesNotMatch(JSON.stringify(finding), /eyJ/)
})

test('the reason at the end of a long message is shown, and no part of the pre-signed URL before the reason', () => {
  const url = `https://b.oss-cn-hangzhou.aliyuncs.com/blobs/data?Expires=1&Signature=${'s%2B'.repeat(20)}&security-token=${'t%2F'.repeat(300)}`
  const detail = `failed to pull and unpack image "${IMAGE}": ${'failed to copy: '.repeat(40)}httpReadSeeker: failed open: unexpected status code ${url}: 403 Forbidden`
  const [finding] = diagnose(fixture({ pods: [stuckPod({ detail })] }))
  assert.equal(finding?.id, 'POD_STUCK')
  assert.match(finding?.cause ?? '', /Signature=\(redacted\)&security-token=\(redacted\): 403 Forbidden$/)
})

// Found by the zoo with seed 786099498.
test('P12 without a report of the helper no Pod is reported to lack a registry, and causes other than credentials are still named', () => {
  const idsOf = (detail: string): readonly string[] =>
    diagnose(fixture({ status: null, pods: [stuckPod({ ...bare, detail })] }))
      .map(({ id }) => id)
      .filter((id) => id.startsWith('POD_'))
  assert.deepEqual(idsOf(DENIED), ['POD_UNKNOWN'])
  assert.deepEqual(idsOf(X509), ['POD_CERTIFICATE'])
})

test('a Pod gets what applies to new Pods from its controller, from its owner or from its manifest', () => {
  assert.equal(recreate(stuckPod()), 'then delete the Pod')
  assert.equal(
    recreate({ ...stuckPod(), isReplaced: false, owner: undefined }),
    'then create the Pod again from its manifest',
  )
  assert.match(
    recreate({ ...stuckPod(), isReplaced: false, owner: 'Job/x' }),
    /^then let Job\/x create its Pods again /,
  )
})

test('an image is covered by the registries that report or configure its host, and by no other registry', () => {
  const entry = { name: 'demo', edition: 'enterprise', instanceId: 'cri-abc123', region: 'cn-hangzhou' }
  const registries = [entry, { ...entry, name: 'other', instanceId: 'cri-def456', domains: ['images.example.com'] }]
  const covering = (image: string, status?: null) => {
    const reported = [registry(), registry({ name: 'other', domains: ['other.example.com'] })]
    const context = createPodContext(
      fixture({ config: { registries }, registries: reported, ...(status === null && { status }) }),
    )
    assert.ok(context)
    return coveringRegistries(image, context)
  }
  assert.deepEqual(covering(IMAGE), ['demo'])
  assert.deepEqual(covering('other.example.com/team/app:1'), ['other'])
  assert.deepEqual(covering('images.example.com/team/app:1'), ['other'])
  assert.deepEqual(covering('nginx'), [])
  assert.deepEqual([covering(IMAGE, null), covering('images.example.com/team/app:1', null)], [[], ['other']])
})

test('a Pod that waits for a reason that nobody knows may be unable to pull, and a Pod that the registry denies cannot', () => {
  const messageOf = (change: object) => diagnose(fixture({ pods: [stuckPod(change)] }))[0]?.message
  assert.equal(messageOf({ waiting: 'SomethingNew' }), `may be unable to pull ${IMAGE}`)
  assert.equal(messageOf({ detail: DENIED }), `cannot pull ${IMAGE}`)
})
