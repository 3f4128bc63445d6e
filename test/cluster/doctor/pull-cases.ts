import type { KubeObject } from '../../../src/kube/types.ts'
import type { BrokenCase } from './case.ts'
import { DENIED, deletePod, IMAGE, untilAttached, waitingPod } from './pod-actions.ts'
import { CACHED, HOST, type PodFixture, VPC_HOST } from './pod-fixture.ts'

const withQuery = (pod: string): readonly string[] => ['pod', pod, '--ask-registry']

/**
 * Cases in which the registry and the node report a problem of a Pod that has its reference and its
 * Secret.
 */
export const PULL_CASES: readonly BrokenCase<PodFixture>[] = [
  {
    title: "RAM does not allow the helper to pull the Pod's repository",
    id: 'POD_DENIED',
    args: withQuery('shop/denied'),
    make: async (fixture) => {
      fixture.allowOnly('team/*')
      await fixture.pod('shop', 'denied', `${HOST}/platform/helper:1`)
    },
    message: /127\.0\.0\.1:\d+ responded with HTTP 401[\s\S]*acr-nopass policy -f values\.yaml/,
    fix: async (fixture) => {
      fixture.helper.grantRole()
      await fixture.removePod('shop', 'denied')
    },
  },
  {
    title: 'the repository does not exist',
    id: 'POD_IMAGE_ABSENT',
    args: withQuery('shop/nameless'),
    make: (fixture) => fixture.pod('shop', 'nameless', `${HOST}/team/nothing:1`),
    message: /The registry does not have this repository: 127\.0\.0\.1:\d+ responded with HTTP 404/,
    fix: deletePod('shop', 'nameless'),
  },
  {
    title: 'the tag does not exist',
    id: 'POD_TAG_ABSENT',
    args: withQuery('shop/tagless'),
    make: (fixture) => fixture.pod('shop', 'tagless', `${HOST}/team/app:9`),
    message: /The registry has the repository, but not this tag/,
    fix: deletePod('shop', 'tagless'),
  },
  {
    title: "the image is for another architecture than the node's",
    id: 'POD_ARCHITECTURE',
    args: withQuery('shop/foreigner'),
    make: (fixture) => fixture.pod('shop', 'foreigner', `${HOST}/team/elsewhere:1`),
    message: /The node's platform is linux\/\w+, but the image exists only for linux\/\w+/,
    fix: deletePod('shop', 'foreigner'),
  },
  {
    title: 'the login in the Secret was revoked, and no helper runs',
    id: 'POD_LOGIN_REFUSED',
    args: withQuery('shop/revoked'),
    make: async (fixture) => {
      await fixture.helper.scale(0)
      fixture.helper.helperCluster.cloud.control.expireTokens()
      await fixture.pod('shop', 'revoked', IMAGE)
    },
    message: /The registry rejects the credential in the Secret[\s\S]*acr-nopass refresh/,
    fix: async (fixture) => {
      await fixture.removePod('shop', 'revoked')
      await fixture.helper.scale(1)
      await fixture.helper.rotate()
    },
  },
  {
    title: 'the image is written like the URL of a web page',
    id: 'POD_IMAGE_NAME',
    args: ['pod', 'shop/misnamed'],
    make: (fixture) => fixture.pod('shop', 'misnamed', `https://${IMAGE}`),
    message: /no https:\/\/ before it/,
    fix: deletePod('shop', 'misnamed'),
  },
  {
    title: 'the Pod fits no node',
    id: 'POD_UNSCHEDULED',
    severity: 'warning',
    args: ['pod', 'shop/homeless'],
    make: (fixture) => fixture.pod('shop', 'homeless', IMAGE, { nodeSelector: { place: 'nowhere' } }),
    message: /has no node yet/,
    fix: deletePod('shop', 'homeless'),
  },
  {
    title: 'everything is correct, and the node still fails to pull',
    id: 'POD_STUCK',
    args: withQuery('shop/stuck'),
    make: (fixture) => fixture.pod('shop', 'stuck', IMAGE),
    message: /is not on this node[\s\S]*describe pod stuck/,
    fix: deletePod('shop', 'stuck'),
  },
  {
    title: "the Pod runs from the node's cache",
    id: 'POD_CACHED',
    severity: 'info',
    args: ['pod', 'shop/running'],
    make: (fixture) => fixture.pod('shop', 'running', `${CACHED}:1`),
    message: /acr-nopass doctor pod shop\/running --ask-registry/,
    fix: deletePod('shop', 'running'),
  },
  {
    title: "the Pod's node has a kubelet from before 1.35",
    id: 'KUBELET_LENIENT',
    severity: 'info',
    args: withQuery('shop/lenient'),
    make: async (fixture) => {
      await setKubelet(fixture, 'v1.34.6')
      await fixture.pod('shop', 'lenient', `${CACHED}:1`)
    },
    message: /Kubelet v1\.34\.6 does not check credentials/,
    fix: async (fixture) => {
      await setKubelet(fixture, 'v1.36.3')
      await fixture.removePod('shop', 'lenient')
    },
  },
  {
    title: 'running Pods were admitted before the reference existed',
    id: 'PODS_OLD',
    severity: 'info',
    make: async (fixture) => {
      await fixture.helper.closedNamespace('old')
      await fixture.pod('old', 'veteran', `${CACHED}:1`)
      await fixture.helper.open('old')
      await untilAttached(fixture, 'old')
    },
    message: /admitted before the reference existed/,
    fix: deletePod('old', 'veteran'),
  },
  {
    title: "the VPC of the Pod's node is not linked to the instance",
    id: 'POD_VPC_UNLINKED',
    args: ['pod', 'shop/unlinked'],
    make: (fixture) =>
      podWithMessage(
        fixture,
        'unlinked',
        `${VPC_HOST}/team/app:1`,
        `dial tcp: lookup ${VPC_HOST} on 100.100.2.136:53: no such host`,
      ),
    message: /Access Control, VPC/,
    fix: deletePod('shop', 'unlinked'),
  },
  {
    title: "the disk of the Pod's node is full",
    id: 'POD_DISK_FULL',
    args: ['pod', 'shop/full'],
    make: (fixture) =>
      podWithMessage(fixture, 'full', IMAGE, 'write /var/lib/containerd/ingest/data: no space left on device'),
    message: /image file system/,
    fix: deletePod('shop', 'full'),
  },
  {
    title: "the runtime's proxy on the Pod's node refuses the registry",
    id: 'POD_PROXY',
    args: ['pod', 'shop/proxied'],
    make: (fixture) =>
      podWithMessage(fixture, 'proxied', IMAGE, `failed to do request: Head "https://${HOST}/v2/": Forbidden`),
    message: /NO_PROXY/,
    fix: deletePod('shop', 'proxied'),
  },
  {
    title: 'the kubelet gives a reason that doctor does not know',
    id: 'POD_UNKNOWN',
    severity: 'warning',
    args: ['pod', 'shop/puzzling'],
    make: (fixture) => waitingPod(fixture, 'shop', 'puzzling', IMAGE, { reason: 'ErrImageFrobnicated' }),
    message: /ErrImageFrobnicated/,
    fix: deletePod('shop', 'puzzling'),
  },
  {
    title: "the Pod's node cannot pull the sandbox image",
    id: 'POD_SANDBOX',
    make: async (fixture) => {
      await waitingPod(fixture, 'shop', 'grounded', IMAGE, { reason: 'ContainerCreating' })
      const { metadata } = await fixture.helper.helperCluster.admin.request<KubeObject>({
        method: 'GET',
        path: '/api/v1/namespaces/shop/pods/grounded',
      })
      const now = new Date().toISOString().replace(/\.\d+/, '')
      await fixture.helper.create('/api/v1/namespaces/shop/events', {
        metadata: { name: 'grounded.1' },
        involvedObject: { kind: 'Pod', namespace: 'shop', name: 'grounded', uid: metadata.uid },
        type: 'Warning',
        reason: 'FailedCreatePodSandBox',
        message: `Failed to create pod sandbox: failed to get sandbox image "${HOST}/base/pause:3": ${DENIED}`,
        firstTimestamp: now,
        lastTimestamp: now,
      })
    },
    message: /No pull secret is used for this image/,
    fix: deletePod('shop', 'grounded'),
  },
  {
    title: 'the Pod is a static Pod',
    id: 'POD_STATIC',
    args: ['pod', 'shop/static'],
    make: async (fixture) => {
      const metadata = { annotations: { 'kubernetes.io/config.mirror': '0123456789abcdef' } }
      const waiting = { reason: 'ErrImagePull', message: DENIED }
      await waitingPod(fixture, 'shop', 'static', IMAGE, waiting, { spec: { nodeName: 'elsewhere' }, metadata })
    },
    message: /creates it from a file/,
    fix: deletePod('shop', 'static'),
  },
  {
    title: "the registry throttles the Pod's node",
    id: 'POD_THROTTLED',
    args: ['pod', 'shop/hasty'],
    make: (fixture) =>
      podWithMessage(fixture, 'hasty', IMAGE, 'unexpected status from HEAD request: 429 Too Many Requests'),
    message: /higher limit for the instance/,
    fix: deletePod('shop', 'hasty'),
  },
]

function setKubelet({ helper }: PodFixture, kubeletVersion: string): Promise<unknown> {
  return helper.patch('/api/v1/nodes/process-node/status', { status: { nodeInfo: { kubeletVersion } } })
}

/** Creates a Pod on a node outside of the fixture, with that node's message about a failed pull. */
function podWithMessage(fixture: PodFixture, name: string, image: string, words: string): Promise<void> {
  const message = `Back-off pulling image "${image}": ErrImagePull: failed to pull and unpack image "${image}": ${words}`
  return waitingPod(fixture, 'shop', name, image, { reason: 'ImagePullBackOff', message })
}
