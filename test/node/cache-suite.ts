import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { DEFAULT_SECRET_NAME as SECRET } from '../../src/kube/names.ts'
import { nodeFiles } from '../../src/sandbox/nodes/containerd/node-config.ts'
import type { NodeBed } from '../support/node/node-bed.ts'

interface PulledRecord {
  readonly credentialMapping?: Readonly<
    Record<string, { readonly kubernetesSecrets?: readonly { readonly uid: string; readonly namespace: string }[] }>
  >
}

const REFUSED = /^(ErrImagePull|ImagePullBackOff): /
const WRONG = { username: 'cr_temp_user', password: 'ended' }

/** Whom a kubelet (1.35 and newer) gives an image that is on the node already: who proved before that it may have it. */
export function testImageCache(opened: () => NodeBed): void {
  /** Requests for manifests that the registry has had. */
  const contacts = (): number =>
    opened()
      .registry.requests()
      .filter(({ path }) => path.includes('/manifests/')).length
  const team = async (name: string, token?: { username: string; password: string }): Promise<string> => {
    await opened().namespace(name, { secrets: [SECRET] })
    return token ? await opened().writeSecret(name, token) : ''
  }
  const runs = async (namespace: string, name = 'app'): Promise<void> => {
    await opened().pod(namespace, name)
    await opened().until(namespace, name, 'running')
  }
  const refused = async (namespace: string, name = 'app'): Promise<void> => {
    await opened().pod(namespace, name)
    await opened().until(namespace, name, REFUSED)
  }

  test('P4 after a rotation in place, a Pod starts from the cache although the registry is down', async () => {
    const bed = opened()
    const uid = await team('steady', await bed.pullToken())
    await runs('steady', 'first')
    bed.cloud.control.expireTokens()
    assert.equal(await bed.writeSecret('steady', await bed.pullToken()), uid)
    await bed.registry.breakDown()
    try {
      await runs('steady', 'second')
    } finally {
      await bed.registry.comeBack()
    }
  })

  test('P4 the same credential in another namespace shares the cache: no request to the registry', async () => {
    const token = await opened().pullToken()
    await team('north', token)
    await team('south', token)
    await runs('north')
    const before = contacts()
    await runs('south')
    assert.equal(contacts(), before)
  })

  test('P4 the kubelet notes which Secret, by its UID, has proven the right to an image', async () => {
    const { node } = opened()
    const uid = await team('noted', await opened().pullToken())
    await runs('noted')
    const folder = join(nodeFiles(join(node.run.folder, 'n')).kubeletRoot, 'image_manager', 'pulled')
    const records = readdirSync(folder)
      .filter((name) => name.startsWith('sha256-'))
      .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as PulledRecord)
    const known = records.flatMap(({ credentialMapping = {} }) =>
      Object.values(credentialMapping).flatMap(({ kubernetesSecrets = [] }) => kubernetesSecrets),
    )
    assert.deepEqual(
      known.filter(({ namespace }) => namespace === 'noted').map((secret) => secret.uid),
      [uid],
    )
  })

  test('P4 an image on the node is not given to a Pod of another namespace without a credential, whatever its pull policy', async () => {
    const bed = opened()
    await bed.namespace('thief')
    for (const pull of ['IfNotPresent', 'Always', 'Never'] as const) {
      await bed.pod('thief', pull.toLowerCase(), { pull })
    }
    await bed.until('thief', 'ifnotpresent', REFUSED)
    await bed.until('thief', 'always', REFUSED)
    await bed.until('thief', 'never', /^ErrImageNeverPull: /)
  })

  test('P4 in place even a wrong credential costs no running namespace its cache; then it opens that image to others who have the same', async () => {
    const bed = opened()
    const uid = await team('worn', await bed.pullToken())
    await runs('worn', 'first')
    await team('other', WRONG)
    await refused('other', 'first')
    assert.equal(await bed.writeSecret('worn', WRONG), uid)
    const before = contacts()
    await runs('worn', 'second')
    // A weakness of the kubelet: the wrong credential is noted now.
    await runs('other', 'second')
    assert.equal(contacts(), before)
  })

  test('P4 a Secret that was deleted and recreated, with a credential that has ended, is refused the cached image', async () => {
    const bed = opened()
    const token = await bed.pullToken()
    await team('again', token)
    await runs('again', 'first')
    await bed.cluster.admin.request({ method: 'DELETE', path: `/api/v1/namespaces/again/secrets/${SECRET}` })
    await bed.writeSecret('again', { username: token.username, password: 'ended-too' })
    await refused('again', 'second')
  })

  test("an image that came to the node without a pull is anybody's", async () => {
    const bed = opened()
    await bed.namespace('preloaded')
    await bed.preload('preloaded')
    await bed.pod('preloaded', 'app', { tag: 'preloaded' })
    await bed.until('preloaded', 'app', 'running')
  })
}
