import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { writeLayout } from '../../../sandbox/image/oci-layout.ts'
import { pushImage } from '../../../sandbox/image/push-image.ts'
import { type Registry, startRegistry } from '../../../sandbox/registry/start-registry.ts'
import { eventually } from '../../support/eventually.ts'
import { testTools } from '../../tools.ts'
import type { CaseFixture } from './case.ts'
import { type HelperFixture, openHelperFixture } from './helper-fixture.ts'

/**
 * A running release whose Enterprise registry is a real registry with images, and Pods that pull
 * from it.
 */
export interface PodFixture extends CaseFixture, AsyncDisposable {
  readonly helper: HelperFixture
  readonly registry: Registry
  /** Creates a Pod with one container of this image. `spec` and `metadata` may add fields. */
  pod(namespace: string, name: string, image: string, spec?: object, metadata?: object): Promise<void>
  removePod(namespace: string, name: string): Promise<void>
  /** Pushes an image for that architecture (Node's name). */
  push(repository: string, tag: string, arch: string): Promise<void>
  /** Limits the helper's identity to pulling these repositories. */
  allowOnly(...repositories: readonly string[]): void
}

export const HOST = 'demo-registry.cn-hangzhou.cr.aliyuncs.com'
export const VPC_HOST = 'demo-registry-vpc.cn-hangzhou.cr.aliyuncs.com'
/** An image that the node has, so that its Pods run. */
export const CACHED: string = `${HOST}/team/cached`
const OTHER_ARCH = process.arch === 'x64' ? 'arm64' : 'x64'

export async function openPodFixture(name: string): Promise<PodFixture> {
  const folder = await mkdtemp(join(tmpdir(), 'acr-nopass-doctor-'))
  const tools = await testTools('registry')
  let registry: Registry | undefined
  const sleep = [process.execPath, '-e', 'setInterval(() => {}, 1000)']
  const helper = await openHelperFixture(name, {
    images: { [CACHED]: sleep },
    users: ['robot', 'spare'].map((user) => ({ name: user, policies: { system: ['AdministratorAccess'] } })),
    values: async ({ cloud }) => {
      registry = await startRegistry({ tools, auth: cloud.registryAuth })
      return { endpoints: { registry: registry.url }, targets: { serviceAccounts: { exclude: ['builder'] } } }
    },
  })
  const started = registry as Registry | undefined
  if (started === undefined) throw new Error('the registry was not started')
  const { helperCluster } = helper
  const login = helperCluster.cloud.registryPush
  const fixture: PodFixture = {
    helper,
    registry: started,
    kubeconfig: helper.kubeconfig,
    known: helper.known,
    async pod(namespace, pod, image, spec = {}, metadata = {}) {
      const body = {
        metadata: { name: pod, ...metadata },
        spec: { terminationGracePeriodSeconds: 0, containers: [{ name: 'app', image }], ...spec },
      }
      const path = `/api/v1/namespaces/${namespace}/pods`
      await helper.create(path, body)
    },
    async removePod(namespace, pod) {
      const path = `/api/v1/namespaces/${namespace}/pods/${pod}`
      await helper.remove(`${path}?gracePeriodSeconds=0`)
      await eventually(async () => {
        const isDeleted = await helperCluster.admin.request({ method: 'GET', path }).then(
          () => false,
          () => true,
        )
        if (!isDeleted) throw new Error(`${pod} is still there`)
      }, 30_000)
    },
    async push(repository, tag, arch) {
      const layout = writeLayout(join(folder, `${repository}-${tag}`), {
        layers: [[]],
        arch,
        config: { Entrypoint: ['/app'], User: '0:0' },
      })
      await pushImage(layout, { registry: started.url, repository, tag, credential: login })
    },
    allowOnly: (...repositories) =>
      helperCluster.cloud.control.grant(helper.trust.role, 'pull', {
        Version: '1',
        Statement: [
          { Effect: 'Allow', Action: ['cr:GetAuthorizationToken', 'cr:ListInstanceEndpoint'], Resource: ['*'] },
          {
            Effect: 'Allow',
            Action: ['cr:PullRepository'],
            Resource: repositories.map((repository) => `acs:cr:*:*:repository/cri-k7x2m9q4w1t8z5h3/${repository}`),
          },
        ],
      }),
    async [Symbol.asyncDispose]() {
      await helper[Symbol.asyncDispose]()
      await started.stop()
      await rm(folder, { recursive: true })
    },
  }
  for (const repository of ['team/app', 'team/cached', 'platform/helper'])
    await fixture.push(repository, '1', process.arch)
  await fixture.push('team/elsewhere', '1', OTHER_ARCH)
  await helper.create('/api/v1/namespaces/shop/serviceaccounts', { metadata: { name: 'builder' } })
  return fixture
}
