import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { PROFILES, type ProfileName } from '../../src/node/script/profiles.ts'
import { BIN, ROOT, runBin } from '../cli/run-bin.ts'
import type { FakeNode } from '../support/fake-node/fake-node.ts'
import { findLiveObstacle, runOnNode } from '../support/fake-node/run-live.ts'
import { openScriptFixture, type ScriptFixture } from '../support/fake-node/script-fixture.ts'
import { expectSample } from '../support/sample.ts'

// Follows docs/*/nodes.md, once with the archive that a clone builds.

const obstacle = findLiveObstacle()
const skip =
  obstacle === undefined ? false : `left out: the page about nodes, followed on a host of its own: ${obstacle}`
const page = readFileSync(join(ROOT, 'docs/en/nodes.md'), 'utf8')
const values = /```yaml\n(.*?)```/s.exec(page)?.[1] ?? ''

let fixture: ScriptFixture
before(async () => {
  fixture = await openScriptFixture()
})
after(() => fixture[Symbol.asyncDispose]())

/** An archive with its checksum. */
type Archive = Pick<ScriptFixture, 'archive' | 'sha256'>

/** The archive as a clone builds it. It holds the real Node, which takes a while to pack. */
function buildArchive(): Archive {
  const archive = join(fixture.folder, 'own.tgz')
  const build = [join(ROOT, 'scripts/build.ts'), 'node', '--out', archive]
  return { archive, sha256: execFileSync(process.execPath, build, { encoding: 'utf8' }).trim() }
}

/** The commands below a heading, up to the next one. */
function commandsBelow(heading: string): readonly string[] {
  const section = page.split(`\n${heading}\n`)[1]?.split(/^#/m)[0] ?? ''
  return [...section.matchAll(/```sh\n(.*?)\n```/gs)].map(([, command = '']) => command)
}

async function openNode(profile: ProfileName): Promise<FakeNode> {
  const node = await fixture.openNode(profile)
  writeFileSync(join(node.root, '..', 'values.yaml'), values)
  return node
}

/** Runs a displayed command in the user's folder, with the flags that a clone needs. */
function print(node: FakeNode, command: string, { archive, sha256 }: Archive = fixture): void {
  const given = command.replace(' > ', ` --url ${archive} --sha256 ${sha256} > `)
  assert.notEqual(given, command)
  const env = { ...process.env, PATH: `${join(BIN, '..')}:${process.env.PATH}` }
  execFileSync('sh', ['-c', given], { cwd: join(node.root, '..'), env })
}

async function run(node: FakeNode, command: string): Promise<string> {
  // The test's health check answers for the process that stands in for the kubelet.
  const script = join(node.root, '..', 'install-node.sh')
  writeFileSync(script, readFileSync(script, 'utf8').replace(/^HEALTH_URLS=.*$/m, `HEALTH_URLS='${node.health}'`))
  const { code, stdout, stderr } = await runOnNode(node, ['sh', '-c', command], { programs: { sudo: 'exec "$@"' } })
  assert.deepEqual([code, stderr], [0, ''], stdout)
  return stdout
}

const HEADINGS = { ack: '### ACK', kubeadm: '### kubeadm', k3s: '### k3s', rke2: '### RKE2' } as const
const [remove = ''] = commandsBelow('## Update and remove it')

describe('the commands of the page about nodes', { concurrency: 2 }, () => {
  for (const profile of Object.keys(PROFILES) as readonly ProfileName[]) {
    test(`install on ${profile} and remove again, as displayed`, { skip }, async () => {
      await using node = await openNode(profile)
      const [printed = '', install = ''] = commandsBelow(HEADINGS[profile])
      print(node, printed, profile === 'ack' ? buildArchive() : fixture)
      const installed = await run(node, install)
      assert.match(installed, /the kubelet is healthy\nacr-nopass: done: acr-nopass \S+ is installed\n$/)
      if (profile === 'ack') expectSample('install-node', installed, [[new RegExp(node.root, 'g'), '']])
      // The program answers as the kubelet calls it: an image that no entry claims gets no login.
      const request = {
        apiVersion: 'credentialprovider.kubelet.k8s.io/v1',
        kind: 'CredentialProviderRequest',
        image: 'docker.io/a/b',
      }
      const call = `echo '${JSON.stringify(request)}' | /opt/acr-nopass/bin/acr-nopass-provider credential-provider --config /opt/acr-nopass/node.json`
      const answer = await runOnNode(node, ['sh', '-c', call], {})
      assert.equal(answer.code, 0, answer.stderr)
      assert.deepEqual(JSON.parse(answer.stdout).auth, {})
      const removed = await run(node, remove)
      assert.match(removed, /acr-nopass: done: acr-nopass is removed\n$/)
      if (profile === 'ack') expectSample('remove-node', removed, [[new RegExp(node.root, 'g'), '']])
      assert.ok(node.isHealthy())
    })
  }

  test('print the script for a mirror, and install into an image', { skip }, async () => {
    await using node = await openNode('rke2')
    const [mirror = ''] = commandsBelow('## 2. Print the script, and run it')
    const printed = mirror.replace(/ > .*$/, '').replace(/^acr-nopass /, '')
    const sums = ['amd64', 'arm64'].flatMap((architecture) => ['--sha256', `${architecture}=${fixture.sha256}`])
    const words = [...printed.split(' ').map((word) => word.replaceAll('"', '')), ...sums]
    const { code, stdout, stderr } = await runBin(words, { cwd: join(node.root, '..') })
    assert.equal(code, 0, stderr)
    assert.match(
      stdout,
      /^URL_arm64='https:\/\/my-bucket\.oss-cn-hangzhou-internal\.aliyuncs\.com\/acr-nopass-node-\S+-linux-arm64\.tgz'$/m,
    )
    const [rke2 = ''] = commandsBelow(HEADINGS.rke2)
    const [image = ''] = commandsBelow('### An image')
    print(node, rke2)
    assert.match(await run(node, image.replace('/mnt/image', node.root)), /no kubelet runs here/)
  })

  test("print the kubelet's configuration for both files of values", async () => {
    const [command = ''] = commandsBelow('## 1. Write the values')
    for (const name of ['node-worker-role', 'node-service-account']) {
      const file = join(ROOT, 'examples/values', `${name}.yaml`)
      const { code, stdout, stderr } = await runBin(command.replace('values.yaml', file).split(' ').slice(1))
      assert.equal(code, 0, stderr)
      if (name === 'node-worker-role') expectSample('node-config', stdout)
      const [provider] = JSON.parse(stdout).providers
      assert.equal(
        provider.tokenAttributes?.serviceAccountTokenAudience,
        name === 'node-worker-role' ? undefined : 'sts.aliyuncs.com',
      )
    }
  })
})
