import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { nodeFiles } from '../../sandbox/nodes/containerd/node-config.ts'
import { DEFAULT_SECRET_NAME as SECRET } from '../../src/kube/names.ts'
import type { NodeFixture } from '../support/node/node-fixture.ts'
import { readAccessLog } from '../support/registry/access-log.ts'

interface PulledRecord {
  readonly credentialMapping?: Readonly<
    Record<string, { readonly kubernetesSecrets?: readonly { readonly uid: string; readonly namespace: string }[] }>
  >
}

const REFUSED = /^(ErrImagePull|ImagePullBackOff): /
const WRONG = { username: 'cr_temp_user', password: 'ended' }

/**
 * Tests which Pods a kubelet (1.35 and newer) allows to use an image on the node: Pods with a
 * credential that was verified before.
 */
export function testImageCache(opened: () => NodeFixture): void {
  /**
   * The number of requests for the manifest of a tag that the registry has received. Refused Pods
   * of other tests try again and again, so each test that counts has a tag of its own.
   */
  const contacts = (tag: string): number =>
    readAccessLog(opened().registry.logFile).filter(({ path }) => path.endsWith(`/manifests/${tag}`)).length
  const team = async (name: string, token?: { username: string; password: string }): Promise<string> => {
    await opened().namespace(name, { secrets: [SECRET] })
    return token ? await opened().writeSecret(name, token) : ''
  }
  const runs = async (namespace: string, name = 'app', tag = '1'): Promise<void> => {
    await opened().pod(namespace, name, { tag })
    await opened().until(namespace, name, 'running')
  }
  const refused = async (namespace: string, name = 'app', tag = '1'): Promise<void> => {
    await opened().pod(namespace, name, { tag })
    await opened().until(namespace, name, REFUSED)
  }

  test('P4 after a rotation in place, a Pod starts from the cache although the registry is down', async () => {
    const fixture = opened()
    const uid = await team('steady', await fixture.pullToken())
    await runs('steady', 'first')
    fixture.cloud.control.expireTokens()
    assert.equal(await fixture.writeSecret('steady', await fixture.pullToken()), uid)
    await fixture.registry.kill()
    try {
      await runs('steady', 'second')
    } finally {
      await fixture.registry.restart()
    }
  })

  test('P4 the same credential in another namespace shares the cache: no request to the registry', async () => {
    const token = await opened().pullToken()
    await opened().push('shared')
    await team('north', token)
    await team('south', token)
    await runs('north', 'app', 'shared')
    const before = contacts('shared')
    assert.ok(before > 0)
    await runs('south', 'app', 'shared')
    assert.equal(contacts('shared'), before)
  })

  test('P4 the kubelet records the UID of the Secret that pulled an image', async () => {
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

  test('P4 a Pod of another namespace without a credential cannot use an image on the node, whatever its pull policy', async () => {
    const fixture = opened()
    await fixture.namespace('thief')
    for (const pull of ['IfNotPresent', 'Always', 'Never'] as const) {
      await fixture.pod('thief', pull.toLowerCase(), { pull })
    }
    await fixture.until('thief', 'ifnotpresent', REFUSED)
    await fixture.until('thief', 'always', REFUSED)
    await fixture.until('thief', 'never', /^ErrImageNeverPull: /)
  })

  test('P4 a wrong credential, written in place, keeps the cached image usable in its namespace, and then opens the image to other namespaces with the same credential', async () => {
    const fixture = opened()
    await fixture.push('worn')
    const uid = await team('worn', await fixture.pullToken())
    await runs('worn', 'first', 'worn')
    await team('other', WRONG)
    await refused('other', 'first', 'worn')
    await fixture.remove('other', 'first')
    assert.equal(await fixture.writeSecret('worn', WRONG), uid)
    const before = contacts('worn')
    assert.ok(before > 0)
    await runs('worn', 'second', 'worn')
    // The kubelet has this weakness: it has now recorded the wrong credential.
    await runs('other', 'second', 'worn')
    assert.equal(contacts('worn'), before)
  })

  test('P4 a recreated Secret with an expired credential cannot use the cached image', async () => {
    const fixture = opened()
    const token = await fixture.pullToken()
    await team('again', token)
    await runs('again', 'first')
    await fixture.cluster.admin.request({ method: 'DELETE', path: `/api/v1/namespaces/again/secrets/${SECRET}` })
    await fixture.writeSecret('again', { username: token.username, password: 'ended-too' })
    await refused('again', 'second')
  })

  test('any Pod can use an image that came to the node without a pull', async () => {
    const fixture = opened()
    await fixture.namespace('preloaded')
    await fixture.preload('preloaded')
    await fixture.pod('preloaded', 'app', { tag: 'preloaded' })
    await fixture.until('preloaded', 'app', 'running')
  })
}
