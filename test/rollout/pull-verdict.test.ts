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
  ['no node has it yet', undefined, 'waiting'],
  ['the Pod is being made', waiting('ContainerCreating'), 'waiting'],
  ['it runs', { imageID: '', state: { running: {} } }, 'pulled'],
  ['it has run', { imageID: 'sha256:1', state: { terminated: {} } }, 'pulled'],
  [
    'an image without a command is pulled all the same',
    waiting('CreateContainerError', 'no command specified'),
    'pulled',
  ],
  ['so is one whose command is not there', waiting('RunContainerError', 'exec: "app": not found'), 'pulled'],
  ['and one that wants another user', waiting('CreateContainerConfigError'), 'pulled'],
  ['a refusal may be a credential that is too new', waiting('ErrImagePull', REFUSED), 'failing'],
  ['a back-off', waiting('ImagePullBackOff', `Back-off pulling image "${IMAGE}"`), 'failing'],
  ['a name that cannot be resolved', waiting('ErrImagePull', 'dial tcp: lookup demo: no such host'), 'failing'],
  ['the registry has no such image', waiting('ErrImagePull', ABSENT), 'lost'],
  ['seen in the back-off only', waiting('ImagePullBackOff', `Back-off: ErrImagePull: ${ABSENT}`), 'lost'],
  ['a name that is none', waiting('InvalidImageName', 'could not parse reference'), 'lost'],
]

for (const [title, container, state] of CASES) {
  test(`the state that a node's message about a pull means: ${title}: ${state}`, () =>
    assert.equal(judgePull(container).state, state))
}

test("a node's message about a failing pull is kept in its own words", () => {
  assert.equal(judgePull(waiting('ErrImagePull', REFUSED)).words, `ErrImagePull: ${REFUSED}`)
  assert.equal(judgePull(waiting('ImagePullBackOff')).words, 'ImagePullBackOff')
  assert.equal(judgePull({ imageID: 'sha256:1' }).words, undefined)
})
