import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { parse } from 'yaml'
import { PROFILES, type ProfileName } from '../../src/node/script/profiles.ts'
import {
  ACK_FILE,
  ACK_TEXT,
  ECR,
  OUR_FLAGS,
  openScriptFixture,
  type ScriptFixture,
} from '../support/fake-node/script-fixture.ts'

const RANCHER = '/var/lib/rancher/credentialprovider'

let fixture: ScriptFixture
before(async () => {
  fixture = await openScriptFixture()
})
after(() => fixture[Symbol.asyncDispose]())

/** The names of the providers in the kubelet's configuration. */
const providersOf = (text: string): readonly string[] => parse(text).providers.map(({ name }: { name: string }) => name)

for (const shell of ['dash', 'bash']) {
  describe(shell, { concurrency: 4 }, () => {
    for (const profile of Object.keys(PROFILES) as readonly ProfileName[]) {
      test(`${profile}: the first run installs, a second changes nothing without a network, and --remove takes all back`, async () => {
        await using node = await fixture.openNode(profile)
        const before = node.files()
        const script = await fixture.print(node)
        const first = await node.run(shell, script)
        assert.equal(first.code, 0, first.stderr)
        assert.match(
          first.stdout,
          /acr-nopass: the kubelet is healthy\nacr-nopass: done: acr-nopass \S+ is installed\n$/,
        )
        assert.equal(first.stdout.includes('not checked: whether the kubelet has the configuration'), profile === 'k3s')
        assert.equal(node.restarts(), 2)
        const installed = node.files()
        const added = Object.keys(installed).filter((path) => !(path in before))
        const home = [
          'FILES.sha256',
          'LICENSE',
          'LICENSE.node',
          'LICENSES.txt',
          'archive.sha256',
          'bin/acr-nopass-provider',
          'bin/node',
          'lib/provider.mjs',
          'lib/setup.mjs',
          'node.json',
        ].map((path) => `opt/acr-nopass/${path}`)
        const own = {
          ack: ['opt/acr-nopass/config.yaml'],
          kubeadm: ['etc/default/kubelet', 'opt/acr-nopass/config.yaml'],
          k3s: [`${RANCHER}/bin/acr-nopass-provider`, `${RANCHER}/config.yaml`].map((path) => path.slice(1)),
          rke2: [`${RANCHER}/bin/acr-nopass-provider`, `${RANCHER}/config.yaml`].map((path) => path.slice(1)),
        }[profile]
        assert.deepEqual(added.sort(), [...home, ...own].sort())
        if (profile === 'ack') assert.equal(node.read(ACK_FILE), ACK_TEXT.replace(' "', ` ${OUR_FLAGS}"`))
        if (profile === 'kubeadm')
          assert.equal(node.read('/etc/default/kubelet'), `KUBELET_EXTRA_ARGS="${OUR_FLAGS}"\n`)

        const asked = fixture.fetched()
        const second = await node.run(shell, script, ['--root', node.root], { http_proxy: 'http://127.0.0.1:1' })
        assert.deepEqual([second.code, second.stderr], [0, ''])
        assert.match(second.stdout, /acr-nopass: nothing to change\n/)
        assert.deepEqual(node.files(), installed)
        assert.deepEqual([node.restarts(), fixture.fetched()], [2, asked])

        const removed = await node.run(shell, script, ['--remove', '--root', node.root])
        assert.equal(removed.code, 0, removed.stderr)
        const left = Object.keys(node.files()).filter((path) => !(path in before))
        assert.deepEqual(left, profile === 'kubeadm' ? ['etc/default/kubelet'] : [])
        if (profile === 'ack') assert.equal(node.read(ACK_FILE), ACK_TEXT.replace(' "', '"'))
        if (profile === 'kubeadm') assert.equal(node.read('/etc/default/kubelet'), 'KUBELET_EXTRA_ARGS=""\n')
        assert.deepEqual([node.isHealthy(), node.restarts()], [true, 3])
        const again = await node.run(shell, script, ['--remove', '--root', node.root])
        assert.deepEqual([again.code, node.restarts()], [0, 3])
      })
    }
  })
}

describe('on a node that has more', { concurrency: 4 }, () => {
  const shell = 'dash'

  for (const profile of ['k3s', 'rke2'] as const) {
    test(`${profile}: another provider in the default folder stays, also when ours is removed`, async () => {
      await using node = await fixture.openNode(profile)
      node.write(`${RANCHER}/config.yaml`, ECR)
      node.write(`${RANCHER}/bin/ecr-credential-provider`, '#!/bin/sh\n', 0o755)
      node.restart()
      const script = await fixture.print(node)
      const { code, stdout, stderr } = await node.run(shell, script)
      assert.equal(code, 0, stderr)
      assert.ok(stdout.includes(`kept the provider ecr-credential-provider of ${RANCHER}/config.yaml`))
      const names = ['ecr-credential-provider', 'acr-nopass-provider']
      assert.deepEqual(providersOf(node.read(`${RANCHER}/config.yaml`)), names)
      const removed = await node.run(shell, script, ['--remove', '--root', node.root])
      assert.equal(removed.code, 0, removed.stderr)
      assert.deepEqual(parse(node.read(`${RANCHER}/config.yaml`)), JSON.parse(ECR))
      assert.ok(node.isHealthy())
    })
  }

  test("kubeadm: another provider in the kubelet's flags is merged and linked, and in effect again after --remove", async () => {
    await using node = await fixture.openNode('kubeadm')
    node.write('/etc/ecr/config.json', ECR)
    node.write('/etc/ecr/bin/ecr-credential-provider', '#!/bin/sh\n', 0o755)
    const ecr = [
      '--image-credential-provider-config=/etc/ecr/config.json',
      '--image-credential-provider-bin-dir=/etc/ecr/bin',
    ]
    node.restart(ecr)
    const script = await fixture.print(node)
    const first = await node.run(shell, script)
    assert.equal(first.code, 0, first.stderr)
    assert.deepEqual(providersOf(node.read('/opt/acr-nopass/config.yaml')), [
      'ecr-credential-provider',
      'acr-nopass-provider',
    ])
    const installed = node.files()
    assert.match(
      installed['opt/acr-nopass/bin/ecr-credential-provider'] ?? '',
      / -> \/etc\/ecr\/bin\/ecr-credential-provider$/,
    )
    assert.equal(node.read('/etc/ecr/config.json'), ECR)
    const second = await node.run(shell, script)
    assert.match(second.stdout, /nothing to change/)
    assert.deepEqual(node.files(), installed)
    const removed = await node.run(shell, script, ['--remove', '--root', node.root])
    assert.equal(removed.code, 0, removed.stderr)
    assert.ok(node.isHealthy())
  })

  test('a change of the flags by others is kept, and ours move behind it', async () => {
    await using node = await fixture.openNode('ack')
    const script = await fixture.print(node)
    assert.equal((await node.run(shell, script)).code, 0)
    node.write(ACK_FILE, node.read(ACK_FILE).replace(OUR_FLAGS, `${OUR_FLAGS} --v=5`))
    assert.equal((await node.run(shell, script)).code, 0)
    assert.equal(node.read(ACK_FILE), ACK_TEXT.replace(' "', ` --v=5 ${OUR_FLAGS}"`))
  })

  test('a damaged file of the program is replaced by the next run, without a restart', async () => {
    await using node = await fixture.openNode('ack')
    const script = await fixture.print(node)
    assert.equal((await node.run(shell, script)).code, 0)
    const installed = node.files()
    node.write('/opt/acr-nopass/lib/provider.mjs', 'damaged')
    assert.equal((await node.run(shell, script)).code, 0)
    assert.deepEqual([node.files(), node.restarts()], [installed, 2])
  })

  test('flags that the console of ACK has overwritten are added again by the next run', async () => {
    await using node = await fixture.openNode('ack')
    const script = await fixture.print(node)
    assert.equal((await node.run(shell, script)).code, 0)
    const installed = node.files()
    node.write(ACK_FILE, ACK_TEXT)
    assert.equal((await node.run(shell, script)).code, 0)
    assert.deepEqual(node.files(), installed)
  })

  test('an image gets the same files without a restart, from an archive in it, and the script says what it did not check', async () => {
    await using node = await fixture.openNode('rke2')
    const script = await node.printForImage(['--url', fixture.archive, '--sha256', fixture.sha256])
    const { code, stdout, stderr } = await node.run(shell, script)
    assert.deepEqual([code, stderr], [0, ''])
    assert.match(stdout, /no kubelet runs here: it uses the configuration when it starts; nothing more was checked/)
    assert.equal(node.restarts(), 1)
    node.restart()
    assert.ok(node.isHealthy())
    assert.match((await node.run(shell, script)).stdout, /nothing to change/)
  })
})
