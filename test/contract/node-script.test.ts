import assert from 'node:assert/strict'
import { mkdirSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
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
          assert.match(
            node.read('/etc/default/kubelet'),
            new RegExp(`^# acr-nopass created this file\\..*\\nKUBELET_EXTRA_ARGS="${OUR_FLAGS}"\\n$`),
          )

        const asked = fixture.fetched()
        const second = await node.run(shell, script, ['--root', node.root], { http_proxy: 'http://127.0.0.1:1' })
        assert.deepEqual([second.code, second.stderr], [0, ''])
        assert.match(second.stdout, /acr-nopass: nothing to change\n/)
        assert.deepEqual(node.files(), installed)
        assert.deepEqual([node.restarts(), fixture.fetched()], [2, asked])

        const removed = await node.run(shell, script, ['--remove', '--root', node.root])
        assert.equal(removed.code, 0, removed.stderr)
        assert.deepEqual(Object.keys(node.files()), Object.keys(before))
        if (profile === 'ack') assert.equal(node.read(ACK_FILE), ACK_TEXT.replace(' "', '"'))
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

  test('kubeadm: flags of a drop-in stay in effect, and --remove brings back exactly the earlier files', async () => {
    await using node = await fixture.openNode('kubeadm')
    node.writeDropIn(['--node-ip=10.1.2.3', '--max-pods=250'])
    const before = node.files()
    const script = await fixture.print(node)
    const first = await node.run(shell, script)
    assert.equal(first.code, 0, first.stderr)
    assert.match(
      first.stdout,
      /copied KUBELET_EXTRA_ARGS of \/etc\/systemd\/system\/kubelet\.service\.d\/20-flags\.conf to \/etc\/default\/kubelet, /,
    )
    const flags = `--node-ip=10.1.2.3 --max-pods=250 ${OUR_FLAGS}`
    assert.match(node.read('/etc/default/kubelet'), new RegExp(`^KUBELET_EXTRA_ARGS="${flags}"$`, 'm'))
    assert.match((await node.run(shell, script)).stdout, /nothing to change/)
    const removed = await node.run(shell, script, ['--remove', '--root', node.root])
    assert.equal(removed.code, 0, removed.stderr)
    assert.deepEqual([node.files(), node.isHealthy()], [before, true])
  })

  // kubelet/10-kubeadm.conf of https://github.com/kubernetes/release, in the packages for RPM
  const DROP_IN = `[Service]
Environment="KUBELET_CONFIG_ARGS=--config=/var/lib/kubelet/config.yaml"
EnvironmentFile=-/var/lib/kubelet/kubeadm-flags.env
EnvironmentFile=-/etc/sysconfig/kubelet
ExecStart=
ExecStart=/usr/bin/kubelet $KUBELET_CONFIG_ARGS $KUBELET_KUBEADM_ARGS $KUBELET_EXTRA_ARGS
`

  test('kubeadm with packages for RPM: the flags go into the file that the unit of the kubelet reads', async () => {
    await using node = await fixture.openNode('kubeadm')
    node.write('/usr/lib/systemd/system/kubelet.service.d/10-kubeadm.conf', DROP_IN)
    node.write('/etc/sysconfig/kubelet', 'KUBELET_EXTRA_ARGS=\n')
    node.readFlagsFrom('/etc/sysconfig/kubelet')
    const { code, stderr } = await node.run(shell, await fixture.print(node))
    assert.equal(code, 0, stderr)
    assert.equal(node.read('/etc/sysconfig/kubelet'), `KUBELET_EXTRA_ARGS="${OUR_FLAGS}"\n`)
    assert.ok(!('etc/default/kubelet' in node.files()))
  })

  test('an image with another provider in a file of the unit gets both, although no kubelet runs in it', async () => {
    await using node = await fixture.openNode('kubeadm')
    rmSync(join(node.root, 'proc'), { recursive: true })
    const ecr =
      '--image-credential-provider-config=/etc/ecr/config.json --image-credential-provider-bin-dir=/usr/local/ecr'
    node.write('/etc/systemd/system/kubelet.service.d/10-kubeadm.conf', DROP_IN)
    node.write('/var/lib/kubelet/kubeadm-flags.env', `KUBELET_KUBEADM_ARGS="--v=2 ${ecr}"\n`)
    node.write('/etc/ecr/config.json', ECR)
    // A link in an image points into the image.
    node.write('/opt/ecr/provider', '#!/bin/sh\n', 0o755)
    mkdirSync(join(node.root, 'usr/local/ecr'), { recursive: true })
    symlinkSync('/opt/ecr/provider', join(node.root, 'usr/local/ecr/ecr-credential-provider'))
    const script = await node.printForImage(['--url', fixture.archive, '--sha256', fixture.sha256])
    const { code, stdout, stderr } = await node.run(shell, script)
    assert.equal(code, 0, stderr)
    assert.match(stdout, /kept the provider ecr-credential-provider of \/etc\/ecr\/config\.json/)
    const names = ['ecr-credential-provider', 'acr-nopass-provider']
    assert.deepEqual(providersOf(node.read('/opt/acr-nopass/config.yaml')), names)
    rmSync(join(node.root, 'opt/ecr/provider'))
    const missing = await node.run(shell, script)
    assert.match(missing.stderr, /NODE_PROVIDERS: the provider ecr-credential-provider has no program/)
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
