import assert from 'node:assert/strict'
import { test } from 'node:test'
import { judgePull, type PullVerdict } from '../../src/rollout/verify/verify-image.ts'

const waiting = (reason: string, message?: string): Parameters<typeof judgePull>[0] => ({
  imageID: '',
  state: { waiting: { reason, ...(message !== undefined && { message }) } },
})

const IMAGE = 'demo-registry.cn-hangzhou.cr.aliyuncs.com/team/app:1'
const REFUSED = `failed to pull and unpack image "${IMAGE}": failed to resolve image: pull access denied, repository does not exist or may require authorization: authorization failed: no basic auth credentials`
const ABSENT = `rpc error: code = NotFound desc = failed to pull and unpack image "${IMAGE}": failed to resolve image: ${IMAGE}: not found`

const CASES: readonly (readonly [string, Parameters<typeof judgePull>[0], PullVerdict['state']])[] = [
  ['a Pod without a node', undefined, 'waiting'],
  ['a container that is being created', waiting('ContainerCreating'), 'waiting'],
  ['a running container', { imageID: '', state: { running: {} } }, 'pulled'],
  ['a terminated container', { imageID: 'sha256:1', state: { terminated: { exitCode: 1 } } }, 'pulled'],
  ['an image without a command', waiting('CreateContainerError', 'no command specified'), 'pulled'],
  ['an image whose command does not exist', waiting('RunContainerError', 'exec: "app": not found'), 'pulled'],
  ['an image that requires another user', waiting('CreateContainerConfigError'), 'pulled'],
  ['a denied pull, which a new credential may fix', waiting('ErrImagePull', REFUSED), 'failing'],
  ['a back-off', waiting('ImagePullBackOff', `Back-off pulling image "${IMAGE}"`), 'failing'],
  ['a name that cannot be resolved', waiting('ErrImagePull', 'dial tcp: lookup demo: no such host'), 'failing'],
  ['a server that does not find something else', waiting('ErrImagePull', 'lookup: not found, try later'), 'failing'],
  ['an image that does not exist', waiting('ErrImagePull', ABSENT), 'lost'],
  [
    'an image that does not exist, reported by the back-off',
    waiting('ImagePullBackOff', `Back-off: ErrImagePull: ${ABSENT}`),
    'lost',
  ],
  ['a registry that CRI-O cannot reach', waiting('RegistryUnavailable', 'connection refused'), 'failing'],
  ['a signature that the node refuses', waiting('SignatureValidationFailed'), 'failing'],
  ['a hook that runs after the pull', waiting('PostStartHookError'), 'pulled'],
  ['an invalid image name', waiting('InvalidImageName', 'could not parse reference'), 'lost'],
]

for (const [title, container, state] of CASES) {
  test(`verify-image: ${title} means ${state}`, () => assert.equal(judgePull(container).state, state))
}

test("a node's message about a failing pull is kept unchanged", () => {
  assert.equal(judgePull(waiting('ErrImagePull', REFUSED)).words, `ErrImagePull: ${REFUSED}`)
  assert.equal(judgePull(waiting('ImagePullBackOff')).words, 'ImagePullBackOff')
  assert.equal(judgePull({ imageID: 'sha256:1' }).words, undefined)
})
