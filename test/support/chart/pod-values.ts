import fc from 'fast-check'

/**
 * Values of the keys that the chart passes on to Kubernetes: mostly valid, but also boundary and
 * invalid values.
 */
const pick = <T>(...choices: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...choices)

/** Usually picks a valid choice, so that objects with several keys are often enough valid. */
const mostly = <T>(usual: readonly T[], odd: readonly T[]): fc.Arbitrary<T> =>
  fc.oneof({ weight: 6, arbitrary: pick(...usual) }, { weight: 1, arbitrary: pick(...odd) })

const some = (fields: Record<string, fc.Arbitrary<unknown>>, required: readonly string[] = []): fc.Arbitrary<object> =>
  fc.record(fields, { requiredKeys: [...required] })

const list = <T>(item: fc.Arbitrary<T>, maxLength = 2): fc.Arbitrary<T[]> => fc.array(item, { minLength: 1, maxLength })

const long = (length: number): string => 'a'.repeat(length)

const labelKeys = mostly(
  ['team', 'a.io/b', 'node-pool', long(63)],
  [long(64), 'A.io/b', 'a..io/b', '-a', 'a/b/c', 'a b'],
)
const labelValues = mostly(['', 'a', 'A-1_b.c', long(63)], [long(64), '-a', 'a b', 'a/b'])
const labels = fc.dictionary(labelKeys, labelValues, { maxKeys: 2 })
const names = mostly(['a', 'a-b', 'a.b', '1a'], ['A', 'a_b', 'a..b', '-a', 'a/b'])
const files = mostly(
  ['a', 'a/b', 'a.json', './a', 'a//b', '.a', 'a..b', 'a/..b', '.'],
  ['/a', '..', '../a', 'a/../b', 'a/..', '..a'],
)
const modes = mostly([0, 288, 511], [512, -1])
const quantities = mostly<string | number>(
  [
    '1',
    '50m',
    '1.5',
    '128Mi',
    '1Gi',
    1,
    0.5,
    '0',
    '1k',
    '2P',
    '1Ei',
    '1e3',
    '1E3',
    '.5',
    '5.',
    '+1',
    '100u',
    '1n',
    '1e-3',
  ],
  ['1 Gi', '1gi', '-1', '1MiB', '1,5', '0x1', '1e', '--1', '1K'],
)
const addresses = mostly(
  [
    '10.0.0.1',
    '::1',
    '::',
    'FD00::A',
    '64:ff9b::192.0.2.33',
    '::192.0.2.1',
    '1:2:3:4:5:6:7.8.9.10',
    '1:2:3:4:5:6:7::',
    '::ffff:0',
    '::ffff:0:0:0',
    '::1:ffff:10.0.0.1',
  ],
  [
    '::ffff:10.0.0.1',
    '::FFFF:a00:1',
    '0:0:0:0:0:ffff:1:2',
    '0::ffff:1.2.3.4',
    '0:0:0:0:0:ffff::',
    '0:0:0:0:0:ffff:1::',
    '0:0:0:0:0:ffff::1',
    '010.0.0.1',
    '64:ff9b::192.0.2.033',
    '10.0.0',
    '10.0.0.256',
    'fe80::1%eth0',
    '1:2',
    ':::',
    '1::2::3',
    '1:2:3:4:5:6:7:1.2.3.4',
    '12345::',
    'host',
  ],
)

const selector = some({
  matchLabels: labels,
  matchExpressions: list(
    some(
      {
        key: labelKeys,
        operator: mostly(['In', 'NotIn', 'Exists', 'DoesNotExist'], ['Gt']),
        values: fc.array(labelValues, { maxLength: 2 }),
      },
      ['key', 'operator'],
    ),
  ),
})

const fieldRef = some(
  {
    apiVersion: mostly(['v1'], ['v2']),
    fieldPath: mostly(
      ['metadata.name', 'metadata.namespace', 'metadata.uid', "metadata.labels['a.io/b']", "metadata.annotations['a']"],
      ['metadata.labels', 'spec.nodeName', 'status.podIPs', 'metadata.generation', 'a', "metadata.labels['']", ''],
    ),
  },
  ['fieldPath'],
)
const resourceFieldRef = some(
  {
    containerName: pick('helper'),
    resource: mostly(['limits.cpu', 'requests.memory', 'limits.ephemeral-storage'], ['limits.gpu', 'cpu', '']),
    divisor: mostly(['1', '0'], ['1m', '1Mi', '2', '1Ki', 'x']),
  },
  ['resource'],
)

const keyPaths = list(some({ key: mostly(['a', 'b.c'], ['']), path: files, mode: modes }, ['key', 'path']))
const signers = mostly(['a.b/c', 'kubernetes.io/a', 'a.b/c.d'], ['a', 'A.b/c', 'a/c', 'a.b/C', 'a.b/c/d', 'a.b/', ''])
const clusterTrustBundle = fc.oneof(
  some({ name: mostly(['a', 'a.b'], ['A', 'a b', '']), labelSelector: selector, optional: fc.boolean(), path: files }, [
    'name',
    'path',
  ]),
  some({ signerName: signers, labelSelector: selector, path: files }, ['signerName', 'path']),
)
const podCertificate = some(
  {
    signerName: signers,
    keyType: mostly(['ED25519', 'RSA3072'], ['RSA2048']),
    maxExpirationSeconds: mostly([3600, 7862400], [3599, 7862401]),
    credentialBundlePath: files,
    keyPath: files,
    certificateChainPath: files,
    userAnnotations: fc.dictionary(mostly(['a.io/b', 'A.io/b'], ['b', 'a b']), pick('', 'a b'), { maxKeys: 2 }),
  },
  ['signerName', 'keyType'],
)
const projected = some({
  defaultMode: modes,
  sources: list(
    fc.oneof(
      some({ configMap: some({ name: mostly(['a'], ['']), items: keyPaths, optional: fc.boolean() }, ['name']) }),
      some({ secret: some({ name: pick('a'), items: keyPaths, optional: fc.boolean() }) }),
      some({
        serviceAccountToken: some({
          audience: pick('', 'a'),
          expirationSeconds: mostly([600, 3600], [599, 4294967296, 4294967297]),
          path: files,
        }),
      }),
      some({
        downwardAPI: some({
          items: list(some({ path: files, fieldRef, resourceFieldRef, mode: modes }, ['path', 'fieldRef'])),
        }),
      }),
      fc.record({ downwardAPI: fc.record({ items: list(fc.record({ path: files, resourceFieldRef })) }) }),
      fc.record({ clusterTrustBundle }),
      fc.record({ podCertificate }),
      some({ configMap: pick({ name: 'a' }), secret: pick({ name: 'a' }) }),
      pick({}, { configMap: {} }, { serviceAccountToken: {} }, { image: {} }, { secret: { secretName: 'a' } }),
    ),
    3,
  ),
})

const volumes = fc.tuple(
  mostly(['one', 'a-b'], ['A', 'a.b', long(64), '']),
  fc.oneof(
    some({
      configMap: some({ name: mostly(['a'], ['']), items: keyPaths, defaultMode: modes, optional: fc.boolean() }),
    }),
    some({ secret: some({ secretName: mostly(['a'], ['']), items: keyPaths, defaultMode: modes }, ['secretName']) }),
    fc.record({ projected }),
    some({ emptyDir: some({ medium: mostly(['', 'Memory'], ['Disk']), sizeLimit: quantities }) }),
    some({
      csi: some(
        {
          driver: mostly(['a', 'Secrets-Store.csi.k8s.io', long(63)], [long(64), 'a_b', '-a', 'a..b', '', 'a/b']),
          readOnly: fc.boolean(),
          fsType: pick('ext4'),
          volumeAttributes: pick({ a: 'b' }, { a: 1 }),
          nodePublishSecretRef: pick({ name: 'a' }, {}, { name: '' }),
        },
        ['driver'],
      ),
    }),
    some({
      persistentVolumeClaim: some({ claimName: mostly(['a'], ['']), readOnly: fc.boolean() }, ['claimName']),
    }),
    pick({ configMap: { name: 'a', item: [] } }, { emptyDir: { size: '1Gi' } }, { csi: { driver: 'a', options: {} } }),
  ),
)

const nodeExpressions = list(
  some(
    {
      key: labelKeys,
      operator: pick('In', 'NotIn', 'Exists', 'DoesNotExist', 'Gt', 'Lt', 'Near'),
      values: fc.array(mostly(['a', '1'], ['-a']), { maxLength: 2 }),
    },
    ['key', 'operator'],
  ),
)
const nodeFields = list(
  some(
    {
      key: mostly(['metadata.name'], ['metadata.uid']),
      operator: mostly(['In', 'NotIn'], ['Exists']),
      values: mostly([['node-1']], [[], ['a', 'b'], ['A']]),
    },
    ['key', 'operator', 'values'],
  ),
)
const nodeTerm = some({ matchExpressions: nodeExpressions, matchFields: nodeFields })
const weights = mostly([1, 100], [0, 101])
const podTerm = some(
  {
    labelSelector: selector,
    namespaces: list(mostly(['a'], ['A', 'a.b', long(64)])),
    topologyKey: mostly(['kubernetes.io/hostname', 'zone'], ['', '-a', 'a b']),
    namespaceSelector: selector,
    matchLabelKeys: list(mostly(['team', 'pod-template-hash'], ['-a'])),
    mismatchLabelKeys: list(mostly(['a.io/b', 'zone'], ['team', '-a'])),
  },
  ['topologyKey'],
)
const podAffinity = some({
  requiredDuringSchedulingIgnoredDuringExecution: list(podTerm),
  preferredDuringSchedulingIgnoredDuringExecution: list(
    some({ weight: weights, podAffinityTerm: podTerm }, ['weight', 'podAffinityTerm']),
  ),
})

const peers = some({
  namespaceSelector: selector,
  podSelector: selector,
  ipBlock: some(
    {
      cidr: mostly(
        ['10.0.0.0/8', '10.0.0.1/32', '::/0', 'fd00::/8', '0.0.0.0/0'],
        ['10.0.0.1/8', '10.0.0.0', '10.0.0.0/33', '10.0.0.0/08', 'fd00::/129', '', '::ffff:10.0.0.0/104'],
      ),
      except: list(mostly(['10.1.0.0/16', '10.0.0.2/32'], ['11.0.0.0/16', '10.0.0.0/8', 'a', 'fd00::/16'])),
    },
    ['cidr'],
  ),
})

/** Values that each set one key. */
export const podValues: fc.Arbitrary<Readonly<Record<string, unknown>>> = fc.oneof(
  fc.record({
    podSecurityContext: some({
      runAsUser: mostly([1, 2147483647], [2147483648]),
      fsGroup: pick(1, 2000),
      fsGroupChangePolicy: mostly(['OnRootMismatch', 'Always'], ['Never']),
      supplementalGroups: list(mostly([1, 2147483647], [2147483648])),
      seccompProfile: some({ type: pick('RuntimeDefault', 'Localhost'), localhostProfile: files }),
    }),
  }),
  fc.record({ nodeSelector: labels }),
  fc.record({ podLabels: labels }),
  fc.record({ podAnnotations: fc.dictionary(labelKeys, pick('', 'a b'), { maxKeys: 2 }) }),
  fc.record({
    tolerations: list(
      some({
        key: mostly(['a', 'a.io/b'], ['', '-a', 'a b', 'a/b/c']),
        operator: mostly(['Exists', 'Equal'], ['Lt', 'Gt', 'Near']),
        value: mostly(['', 'a'], ['-a', 'a b', '1', long(64)]),
        effect: mostly(['NoSchedule', 'NoExecute', 'PreferNoSchedule'], ['Never']),
        tolerationSeconds: mostly([0, 30], [-1]),
      }),
    ),
  }),
  fc.record({
    affinity: fc.oneof(
      some({
        nodeAffinity: some({
          requiredDuringSchedulingIgnoredDuringExecution: some(
            { nodeSelectorTerms: fc.array(nodeTerm, { maxLength: 2 }) },
            ['nodeSelectorTerms'],
          ),
          preferredDuringSchedulingIgnoredDuringExecution: list(
            some({ weight: weights, preference: nodeTerm }, ['weight', 'preference']),
          ),
        }),
      }),
      some({ podAffinity }),
      some({ podAntiAffinity: podAffinity }),
      pick({ nodeAffinity: { required: [] } }, { podAffinity: { requiredDuringScheduling: [] } }),
    ),
  }),
  fc.record({
    topologySpread: list(
      some(
        {
          maxSkew: mostly([1, 1000], [0]),
          topologyKey: mostly(['zone', 'a.io/b'], ['']),
          whenUnsatisfiable: mostly(['DoNotSchedule', 'ScheduleAnyway'], ['Never']),
          labelSelector: selector,
          minDomains: mostly([1, 2000], [0]),
          matchLabelKeys: list(mostly(['pod-template-hash'], ['team', 'app.kubernetes.io/name', '-a'])),
          nodeAffinityPolicy: mostly(['Honor', 'Ignore'], ['Never']),
        },
        ['maxSkew', 'topologyKey', 'whenUnsatisfiable'],
      ),
    ),
  }),
  fc.record({
    dnsPolicy: pick('', 'None', 'Default'),
    dnsConfig: some({
      nameservers: fc.array(addresses, { maxLength: 4 }),
      searches: fc.array(
        mostly(['a', 'corp.example.com', 'svc.cluster.local.'], ['A', 'a b', '', 'a..b', long(254), '-a', 'a-']),
        { maxLength: 2 },
      ),
      options: list(some({ name: mostly(['ndots'], ['']), value: pick('', '2') }, ['name'])),
    }),
  }),
  fc.record({
    hostAliases: list(
      fc.record({
        ip: addresses,
        hostnames: list(mostly(['a', 'a.example.com', '1'], ['A', 'a_b', '', long(254), 'a..b', 'a.', '*.a'])),
      }),
    ),
  }),
  fc.record({
    updateStrategy: some({
      type: mostly(['RollingUpdate'], ['Recreate', 'OnDelete']),
      rollingUpdate: some({
        maxSurge: mostly<number | string>([0, 1, '25%', '200%'], [-1, '1', '%', 'a', '0%', '1.5%', '-1%', -0]),
        maxUnavailable: mostly<number | string>([0, 1, '25%', '100%'], [-1, '101%', '0%', '000%', 'a', 20]),
      }),
    }),
  }),
  fc.record({
    resources: some({
      requests: fc.dictionary(
        mostly(
          ['cpu', 'memory', 'kubernetes.io/batch-cpu'],
          ['gpu', 'a.io/gpu', 'pods', 'hugepages-2Mi', 'storage', '-a'],
        ),
        quantities,
        { maxKeys: 2 },
      ),
      limits: fc.dictionary(
        mostly(
          ['cpu', 'memory', 'kubernetes.io/batch-cpu'],
          ['gpu', 'a.io/gpu', 'pods', 'hugepages-2Mi', 'storage', '-a'],
        ),
        quantities,
        { maxKeys: 2 },
      ),
    }),
  }),
  fc.record({
    extraEnv: list(
      some(
        {
          name: mostly(['A', '_b', 'a1', 'a.b', 'a-b'], ['1a', '', 'a b', 'a=b', '..', '..a']),
          value: pick('', 'x'),
          valueFrom: fc.oneof(
            { weight: 1, arbitrary: pick({}, { secretKeyRef: {} }, { fieldRef: {} }, { file: {} }) },
            {
              weight: 3,
              arbitrary: some(
                {
                  secretKeyRef: some(
                    { name: pick('a'), key: mostly(['k', 'a.b'], ['', 'a b', '..']), optional: fc.boolean() },
                    ['name', 'key'],
                  ),
                },
                ['secretKeyRef'],
              ),
            },
            { weight: 2, arbitrary: fc.record({ configMapKeyRef: fc.record({ name: pick('a'), key: pick('k') }) }) },
            { weight: 2, arbitrary: fc.record({ fieldRef }) },
            { weight: 2, arbitrary: fc.record({ resourceFieldRef }) },
            { weight: 1, arbitrary: fc.record({ fieldRef, resourceFieldRef }) },
          ),
        },
        ['name'],
      ),
    ),
  }),
  volumes.chain(([name, source]) =>
    fc.record({
      extraVolumes: pick([{ name, ...source }]),
      extraVolumeMounts: fc.array(
        some(
          {
            name: mostly([name], ['none']),
            mountPath: pick('/a', '/tmp', '/a/b'),
            subPath: files,
            readOnly: fc.boolean(),
          },
          ['name', 'mountPath'],
        ),
        { maxLength: 2 },
      ),
    }),
  ),
  fc.record({
    networkPolicy: some(
      {
        enabled: pick(true),
        metricsFrom: list(peers),
        egress: list(
          some({
            to: list(peers),
            ports: list(
              some({
                port: mostly<number | string>([1, 65535, 'http'], [0, 65536, 'A_b', '', long(16), '80', 'a--b', '-a']),
                protocol: mostly(['TCP', 'UDP', 'SCTP'], ['HTTP']),
                endPort: mostly([65535], [0, 1, 65536]),
              }),
            ),
          }),
        ),
      },
      ['enabled'],
    ),
  }),
  fc.record({ priorityClassName: mostly(['a', 'a.b'], ['A', 'a..b', 'a.-b', '-a']) }),
  fc.record({ imagePullSecrets: list(fc.record({ name: names })) }),
  fc.record({
    podDisruptionBudget: fc.record({ maxUnavailable: mostly<number | string>([0, 1, '50%'], ['a', -1, '101%']) }),
  }),
)
