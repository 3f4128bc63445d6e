import type { BrokenCase } from './case.ts'
import { gone, IMAGE, untilAttached } from './pod-actions.ts'
import { CACHED, HOST, type PodFixture, VPC_HOST } from './pod-fixture.ts'

const ask = (pod: string): readonly string[] => ['pod', pod, '--ask-registry']

/** What the registry and the node report about a Pod that has its reference and its Secret. */
export const PULL_CASES: readonly BrokenCase<PodFixture>[] = [
  {
    title: 'RAM does not let the helper pull its repository',
    id: 'POD_DENIED',
    args: ask('shop/denied'),
    make: async (fixture) => {
      fixture.allowOnly('team/*')
      await fixture.pod('shop', 'denied', `${HOST}/platform/helper:1`)
    },
    says: /127\.0\.0\.1:\d+ responded with HTTP 401[\s\S]*acr-nopass policy -f values\.yaml/,
    fix: async (fixture) => {
      fixture.helper.grantRole()
      await fixture.removePod('shop', 'denied')
    },
  },
  {
    title: 'the repository does not exist',
    id: 'POD_IMAGE_ABSENT',
    args: ask('shop/nameless'),
    make: (fixture) => fixture.pod('shop', 'nameless', `${HOST}/team/nothing:1`),
    says: /The registry does not have this repository: 127\.0\.0\.1:\d+ responded with HTTP 404/,
    fix: gone('shop', 'nameless'),
  },
  {
    title: 'the tag does not exist',
    id: 'POD_TAG_ABSENT',
    args: ask('shop/tagless'),
    make: (fixture) => fixture.pod('shop', 'tagless', `${HOST}/team/app:9`),
    says: /The registry has the repository, and not this tag/,
    fix: gone('shop', 'tagless'),
  },
  {
    title: "its image is for another architecture than its node's",
    id: 'POD_ARCHITECTURE',
    args: ask('shop/foreigner'),
    make: (fixture) => fixture.pod('shop', 'foreigner', `${HOST}/team/elsewhere:1`),
    says: /The node is linux\/\w+, and the image is there for linux\/\w+ only/,
    fix: gone('shop', 'foreigner'),
  },
  {
    title: 'the login in the Secret was revoked, and no helper runs',
    id: 'POD_LOGIN_REFUSED',
    args: ask('shop/revoked'),
    make: async (fixture) => {
      await fixture.helper.scale(0)
      fixture.helper.helperCluster.cloud.control.expireTokens()
      await fixture.pod('shop', 'revoked', IMAGE)
    },
    says: /The registry refuses the credential in the Secret[\s\S]*acr-nopass refresh/,
    fix: async (fixture) => {
      await fixture.removePod('shop', 'revoked')
      await fixture.helper.scale(1)
      await fixture.helper.rotate()
    },
  },
  {
    title: 'its image is written like the address of a page',
    id: 'POD_IMAGE_NAME',
    args: ['pod', 'shop/misnamed'],
    make: (fixture) => fixture.pod('shop', 'misnamed', `https://${IMAGE}`),
    says: /no https:\/\/ before it/,
    fix: gone('shop', 'misnamed'),
  },
  {
    title: 'it fits no node',
    id: 'POD_UNSCHEDULED',
    severity: 'warning',
    args: ['pod', 'shop/homeless'],
    make: (fixture) => fixture.pod('shop', 'homeless', IMAGE, { nodeSelector: { place: 'nowhere' } }),
    says: /has no node yet/,
    fix: gone('shop', 'homeless'),
  },
  {
    title: 'all is right, and the node still says no',
    id: 'POD_STUCK',
    args: ask('shop/stuck'),
    make: (fixture) => fixture.pod('shop', 'stuck', IMAGE),
    says: /is not on this node[\s\S]*describe pod stuck/,
    fix: gone('shop', 'stuck'),
  },
  {
    title: "it runs from the node's cache",
    id: 'POD_CACHED',
    severity: 'info',
    args: ['pod', 'shop/running'],
    make: (fixture) => fixture.pod('shop', 'running', `${CACHED}:1`),
    says: /acr-nopass doctor pod shop\/running --ask-registry/,
    fix: gone('shop', 'running'),
  },
  {
    title: 'its node has a kubelet from before 1.35',
    id: 'KUBELET_LENIENT',
    severity: 'info',
    args: ask('shop/lenient'),
    make: async (fixture) => {
      await setKubelet(fixture, 'v1.34.6')
      await fixture.pod('shop', 'lenient', `${CACHED}:1`)
    },
    says: /Kubelet v1\.34\.6 does not check credentials/,
    fix: async (fixture) => {
      await setKubelet(fixture, 'v1.36.3')
      await fixture.removePod('shop', 'lenient')
    },
  },
  {
    title: 'Pods run that were admitted before the reference',
    id: 'PODS_OLD',
    severity: 'info',
    make: async (fixture) => {
      await fixture.helper.closedNamespace('old')
      await fixture.pod('old', 'veteran', `${CACHED}:1`)
      await fixture.helper.open('old')
      await untilAttached(fixture, 'old')
    },
    says: /admitted before it was there/,
    fix: gone('old', 'veteran'),
  },
  {
    title: "its node's VPC is not linked to the instance",
    id: 'POD_VPC_UNLINKED',
    args: ['pod', 'shop/unlinked'],
    make: (fixture) =>
      saying(
        fixture,
        'unlinked',
        `${VPC_HOST}/team/app:1`,
        `dial tcp: lookup ${VPC_HOST} on 100.100.2.136:53: no such host`,
      ),
    says: /Access Control, VPC/,
    fix: gone('shop', 'unlinked'),
  },
  {
    title: 'the disk of its node is full',
    id: 'POD_DISK_FULL',
    args: ['pod', 'shop/full'],
    make: (fixture) => saying(fixture, 'full', IMAGE, 'write /var/lib/containerd/ingest/data: no space left on device'),
    says: /image file system/,
    fix: gone('shop', 'full'),
  },
  {
    title: 'the registry asks its node to slow down',
    id: 'POD_THROTTLED',
    args: ['pod', 'shop/hasty'],
    make: (fixture) => saying(fixture, 'hasty', IMAGE, 'unexpected status from HEAD request: 429 Too Many Requests'),
    says: /higher limit of the instance/,
    fix: gone('shop', 'hasty'),
  },
]

function setKubelet({ helper }: PodFixture, kubeletVersion: string): Promise<unknown> {
  return helper.patch('/api/v1/nodes/process-node/status', { status: { nodeInfo: { kubeletVersion } } })
}

/** A Pod on a node outside the fixture, with that node's messages. */
async function saying(fixture: PodFixture, name: string, image: string, words: string): Promise<void> {
  await fixture.pod('shop', name, image, { nodeSelector: { place: 'nowhere' } })
  const message = `Back-off pulling image "${image}": ErrImagePull: failed to pull and unpack image "${image}": ${words}`
  const state = { waiting: { reason: 'ImagePullBackOff', message } }
  const containerStatuses = [{ name: 'app', image, imageID: '', ready: false, restartCount: 0, state }]
  await fixture.helper.patch(`/api/v1/namespaces/shop/pods/${name}/status`, {
    status: { phase: 'Pending', containerStatuses },
  })
}
