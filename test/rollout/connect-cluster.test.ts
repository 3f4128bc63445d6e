import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ClusterDetail } from '../../src/alibaba/cs.ts'
import type { KubeConnection } from '../../src/kube/connection.ts'
import { checkAckServer } from '../../src/rollout/connect-cluster.ts'
import type { ClusterSettings } from '../../src/rollout/settings.ts'

// A load balancer's address is a host: @alicloud/cs20151215 7.2.0,
// DescribeClusterDetailResponseBodyControlPlaneEndpointsConfigLoadBalancersConfig, `endpoint`. Whether a kubeconfig
// names the host or the IP of master_url is documented nowhere.
const NLB = 'nlb-0ogk9aaxxxxxxx.cn-hangzhou.nlb.aliyuncsslb.com'

const check = (server: string, loadBalancers: readonly string[], expect: ClusterSettings['expect'] = {}) =>
  checkAckServer(
    {
      clusterId: 'c1',
      apiServer: { public: 'https://1.2.3.4:6443', intranet: 'https://10.0.0.1:6443', loadBalancers },
    } as unknown as ClusterDetail,
    { server } as KubeConnection,
    { expect } as ClusterSettings,
  )

for (const { server, loadBalancers = [NLB] } of [
  { server: 'https://1.2.3.4:6443', loadBalancers: [] },
  { server: 'https://10.0.0.1:6443' },
  { server: `https://${NLB}:6443` },
  { server: `https://${NLB}` },
  { server: `https://${NLB}:6443`, loadBalancers: [`${NLB}:6443`] },
  { server: `https://${NLB}:6443`, loadBalancers: [`https://${NLB}:6443`] },
  { server: `https://${NLB}:6443`, loadBalancers: ['other', NLB.toUpperCase()] },
  { server: 'https://10.0.0.9:6443', loadBalancers: ['10.0.0.9'] },
]) {
  test(`U3 ${server} is the API server that ACK knows at ${loadBalancers.join() || 'master_url'}`, () => {
    assert.deepEqual(check(server, loadBalancers), [])
  })
}

for (const [server, loadBalancers] of [
  ['https://evil.example:6443', [NLB]],
  [`https://${NLB}.evil.example:6443`, [NLB]],
  [`https://${NLB}:6444`, [`${NLB}:6443`]],
  [`http://${NLB}:6443`, [`https://${NLB}:6443`]],
  ['https://1.2.3.4:6444', []],
] as const) {
  test(`U3 ${server} is not, and only the identity of the cluster in \`expect\` lets it pass, with a note`, () => {
    assert.throws(() => check(server, loadBalancers), { code: 'CLUSTER_MISMATCH', hint: /expect\.kubeSystemUid/ })
    assert.throws(() => check(server, loadBalancers, { server }), { code: 'CLUSTER_MISMATCH' })
    for (const expect of [{ kubeSystemUid: 'u' }, { caSha256: 'f' }]) {
      const [note, ...more] = check(server, loadBalancers, expect)
      assert.match(note ?? '', /^the kubeconfig of c1 points at .*, but ACK knows it at /)
      assert.deepEqual(more, [])
    }
  })
}
