/**
 * Values of a Pod or a NetworkPolicy that have the types of Kubernetes, and that its API server
 * refuses.
 */
export interface JudgedByServer {
  readonly title: string
  readonly values: Readonly<Record<string, unknown>>
  /** The key of the values that the API server's refusal is about. */
  readonly key: string
}

const judged = (title: string, values: JudgedByServer['values'], key: string): JudgedByServer => ({
  title,
  values,
  key,
})

const volumes = [{ name: 'a', emptyDir: {} }]
const mounts = (...paths: string[]): object[] => paths.map((mountPath) => ({ name: 'a', mountPath }))
const projected = (...sources: object[]): JudgedByServer['values'] => ({
  extraVolumes: [{ name: 'a', projected: { sources } }],
})
const SOURCE = 'extraVolumes[0].projected.sources[0]'
const spread = (more: object): JudgedByServer['values'] => ({
  topologySpread: [{ maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule', ...more }],
})
const egress = (rule: object): JudgedByServer['values'] => ({ networkPolicy: { enabled: true, egress: [rule] } })
const peer = (one: object): JudgedByServer['values'] => ({ networkPolicy: { enabled: true, metricsFrom: [one] } })

export const JUDGED_BY_SERVER: readonly JudgedByServer[] = [
  judged('two volumes with one name', { extraVolumes: [...volumes, ...volumes] }, 'extraVolumes'),
  judged(
    'a volume with two sources',
    { extraVolumes: [{ name: 'a', emptyDir: {}, secret: { secretName: 'a' } }] },
    'extraVolumes[0].secret',
  ),
  judged('a mount of a volume that does not exist', { extraVolumeMounts: mounts('/a') }, 'extraVolumeMounts[0].name'),
  judged(
    'two mounts at one path',
    { extraVolumes: volumes, extraVolumeMounts: mounts('/a', '/a') },
    'extraVolumeMounts',
  ),
  judged(
    'strategy Recreate with rollingUpdate',
    { updateStrategy: { type: 'Recreate', rollingUpdate: { maxSurge: 1 } } },
    'updateStrategy.rollingUpdate',
  ),
  judged(
    'a rolling update that cannot start',
    { updateStrategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: '0%' } } },
    'updateStrategy.rollingUpdate.maxUnavailable',
  ),
  judged(
    'more than all Pods unavailable',
    { updateStrategy: { rollingUpdate: { maxUnavailable: '101%' } } },
    'updateStrategy.rollingUpdate.maxUnavailable',
  ),
  judged('dnsPolicy None without a name server', { dnsPolicy: 'None' }, 'dnsConfig'),
  judged(
    'a name server that is no address',
    { dnsConfig: { nameservers: ['dns.example.com'] } },
    'dnsConfig.nameservers[0]',
  ),
  judged(
    'search domains that are too long',
    { dnsConfig: { searches: Array(9).fill('a'.repeat(253)) } },
    'dnsConfig.searches',
  ),
  judged('a search domain in upper case', { dnsConfig: { searches: ['Example.com'] } }, 'dnsConfig.searches[0]'),
  judged(
    'two hostAliases with one address',
    { hostAliases: [1, 2].map((n) => ({ ip: '10.0.0.1', hostnames: [`a${n}`] })) },
    'hostAliases',
  ),
  ...['10.0.0', '10.0.0.256', 'host', 'fe80::1%eth0', '1:2', ':::'].map((ip) =>
    judged(`an invalid address: ${ip}`, { hostAliases: [{ ip, hostnames: ['a'] }] }, 'hostAliases[0].ip'),
  ),
  judged(
    'a host name with a wildcard',
    { hostAliases: [{ ip: '10.0.0.1', hostnames: ['*.a.example.com'] }] },
    'hostAliases[0].hostnames[0]',
  ),
  judged(
    'a pull secret that is listed twice',
    { imagePullSecrets: [{ name: 'a' }, { name: 'a' }] },
    'imagePullSecrets',
  ),
  judged(
    'seccomp profile Localhost without its file',
    { podSecurityContext: { seccompProfile: { type: 'Localhost' } } },
    'podSecurityContext.seccompProfile.localhostProfile',
  ),
  judged(
    'the file of a seccomp profile without type Localhost',
    { podSecurityContext: { seccompProfile: { localhostProfile: 'a.json' } } },
    'podSecurityContext.seccompProfile.localhostProfile',
  ),
  ...['/profiles/a.json', '../a.json', 'a/../b.json'].map((localhostProfile) =>
    judged(
      `a seccomp profile outside of its folder: ${localhostProfile}`,
      { podSecurityContext: { seccompProfile: { type: 'Localhost', localhostProfile } } },
      'podSecurityContext.seccompProfile.localhostProfile',
    ),
  ),
  judged(
    'an unknown way to change the group of a volume',
    { podSecurityContext: { fsGroup: 1, fsGroupChangePolicy: 'Never' } },
    'podSecurityContext.fsGroupChangePolicy',
  ),
  ...['a'.repeat(64), 'a_b', 'a..b', '-a'].map((driver) =>
    judged(
      `an invalid name of a CSI driver: ${driver}`,
      { extraVolumes: [{ name: 'a', csi: { driver } }] },
      'extraVolumes[0].csi.driver',
    ),
  ),
  judged(
    'a volume without the name of its ConfigMap',
    { extraVolumes: [{ name: 'a', configMap: {} }] },
    'extraVolumes[0].configMap.name',
  ),
  judged(
    'a volume without the name of its Secret',
    { extraVolumes: [{ name: 'a', secret: {} }] },
    'extraVolumes[0].secret.secretName',
  ),
  judged('a projected ConfigMap without a name', projected({ configMap: {} }), `${SOURCE}.configMap.name`),
  judged('a projected Secret without a name', projected({ secret: { items: [] } }), `${SOURCE}.secret.name`),
  judged(
    'a projected token that expires too soon',
    projected({ serviceAccountToken: { path: 'a', expirationSeconds: 599 } }),
    `${SOURCE}.serviceAccountToken.expirationSeconds`,
  ),
  judged(
    'a file outside of the volume',
    projected({ configMap: { name: 'a', items: [{ key: 'a', path: '../a' }] } }),
    `${SOURCE}.configMap.items[0].path`,
  ),
  judged(
    'a projected file without a field',
    projected({ downwardAPI: { items: [{ path: 'a' }] } }),
    `${SOURCE}.downwardAPI`,
  ),
  judged(
    'two kinds in one source of a projected volume',
    projected({ configMap: { name: 'a' }, secret: { name: 'a' } }),
    SOURCE,
  ),
  judged(
    'two sources of a projected volume that write one file',
    projected(...['a', 'b'].map((name) => ({ configMap: { name, items: [{ key: 'k', path: 'p' }] } }))),
    'extraVolumes[0].projected',
  ),
  judged(
    'a toleration of every taint that has a value',
    { tolerations: [{ operator: 'Exists', value: 'a' }] },
    'tolerations[0].operator',
  ),
  judged('a toleration without a key', { tolerations: [{ value: 'a' }] }, 'tolerations[0].operator'),
  judged(
    'a toleration with an unknown operator',
    { tolerations: [{ key: 'a', operator: 'Near' }] },
    'tolerations[0].operator',
  ),
  judged(
    'a toleration with tolerationSeconds without its effect',
    { tolerations: [{ key: 'a', operator: 'Exists', tolerationSeconds: 30 }] },
    'tolerations[0].effect',
  ),
  judged(
    'an affinity term without values',
    {
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [{ matchExpressions: [{ key: 'a', operator: 'In' }] }],
          },
        },
      },
    },
    'affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[0].values',
  ),
  judged(
    'two spread constraints for one key',
    {
      topologySpread: [1, 2].map((maxSkew) => ({ maxSkew, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule' })),
    },
    'topologySpread',
  ),
  judged(
    'minDomains without DoNotSchedule',
    spread({ whenUnsatisfiable: 'ScheduleAnyway', minDomains: 2 }),
    'topologySpread[0].minDomains',
  ),
  judged('a spread without a key', spread({ topologyKey: '' }), 'topologySpread[0].topologyKey'),
  judged('an extended resource without a domain', { resources: { limits: { gpu: 1 } } }, 'resources.limits.gpu'),
  judged('half an extended resource', { resources: { limits: { 'a.io/gpu': 0.5 } } }, 'resources.limits["a.io/gpu"]'),
  judged('an extended resource without a limit', { resources: { requests: { 'a.io/gpu': 1 } } }, 'resources.limits'),
  judged(
    'a variable with two values',
    { extraEnv: [{ name: 'A', value: 'x', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } }] },
    'extraEnv[0].valueFrom',
  ),
  judged('a variable without a source', { extraEnv: [{ name: 'A', valueFrom: {} }] }, 'extraEnv[0].valueFrom'),
  judged(
    'a variable that is set twice',
    {
      extraEnv: [
        { name: 'A', value: 'x' },
        { name: 'A', value: 'y' },
      ],
    },
    'extraEnv',
  ),
  judged('an empty peer', peer({}), 'networkPolicy.metricsFrom[0]'),
  judged(
    'a peer with both an address block and a label',
    peer({ ipBlock: { cidr: '10.0.0.0/8' }, podSelector: {} }),
    'networkPolicy.metricsFrom[0]',
  ),
  judged(
    'a range of ports that ends before it starts',
    egress({ ports: [{ port: 10, endPort: 9 }] }),
    'networkPolicy.egress[0].ports[0].endPort',
  ),
  judged(
    'a range of ports that starts with a name',
    egress({ ports: [{ port: 'http', endPort: 9 }] }),
    'networkPolicy.egress[0].ports[0].endPort',
  ),
  judged(
    'an invalid CIDR',
    egress({ to: [{ ipBlock: { cidr: '10.0.0.0' } }] }),
    'networkPolicy.egress[0].to[0].ipBlock.cidr',
  ),
  judged(
    'a part of a CIDR that is none',
    egress({ to: [{ ipBlock: { cidr: '10.0.0.0/8', except: ['11.0.0.0/16'] } }] }),
    'networkPolicy.egress[0].to[0].ipBlock.except[0]',
  ),
  judged(
    'a field of an affinity that Kubernetes does not have',
    { affinity: { podAffinty: {} } },
    'affinity.podAffinty',
  ),
  judged(
    'a field of a volume that Kubernetes does not have',
    { extraVolumes: [{ name: 'a', configMap: { name: 'a', item: [] } }] },
    'extraVolumes[0].configMap.item',
  ),
]
