import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer as createHttp } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { createAuthority } from '../../sandbox/cluster/certificate.ts'
import { nodeFiles } from '../../sandbox/nodes/containerd/node-config.ts'
import type { FindingId } from '../../src/doctor/finding.ts'
import { freePort } from '../../tools/process/free-port.ts'
import { BIN, runBin } from '../cli/run-bin.ts'
import { type DoctorReport, runDoctor } from '../cluster/doctor/run-doctor.ts'
import { eventually } from '../support/eventually.ts'
import type { NodeFixture } from '../support/node/node-fixture.ts'
import type { NodeHelper } from '../support/node/node-helper.ts'
import { untilReferred } from './attach-suite.ts'

const REFUSED = /^(ErrImagePull|ImagePullBackOff|ErrImageNeverPull): /

interface Words {
  readonly title: string
  readonly id: FindingId
  readonly message: RegExp
  readonly pod: Parameters<NodeFixture['pod']>[2]
  /** The host from which the node pulls the image. Undefined: the registry under its own name. */
  readonly server?: (fixture: NodeFixture) => string | Promise<string>
}

const NODE_WORDS: readonly Words[] = [
  {
    title: 'the registry only supports HTTP',
    id: 'POD_HTTP',
    message: /server gave HTTP response to HTTPS client[\s\S]*hosts\.toml/,
    pod: { pull: 'Always' },
    server: (fixture) => fixture.registry.url.replace('http:', 'https:'),
  },
  {
    title: 'no server responds at the address of the registry',
    id: 'POD_NETWORK',
    message: /connection refused[\s\S]*NAT gateway/,
    pod: { pull: 'Always' },
    server: async () => `https://127.0.0.1:${await freePort()}`,
  },
  {
    title: 'the VPC does not know the domain, because the VPC is not linked to the instance',
    id: 'POD_VPC_UNLINKED',
    message: /lookup demo-registry-vpc\.[^ ]+ on 127\.[^ ]+:53: no such host[\s\S]*Access Control, VPC/,
    pod: { pull: 'Always', domain: 'demo-registry-vpc.cn-hangzhou.cr.aliyuncs.com' },
  },
  {
    title: 'an image that is not on the node must not be pulled',
    id: 'POD_NEVER_PULLS',
    message: /imagePullPolicy: IfNotPresent/,
    pod: { pull: 'Never', image: 'team/never:1' },
  },
]

/** Tests how doctor interprets the messages of a real kubelet and containerd. */
export function testDoctor(opened: () => readonly [NodeFixture, NodeHelper]): void {
  const team = 'team-doctor'
  const doctor = async (pod: string, ...flags: string[]): ReturnType<typeof runDoctor> =>
    runDoctor(opened()[0].cluster.adminKubeconfigFile, ['pod', `${team}/${pod}`, ...flags])

  test('doctor pod: a running Pod, on a node whose kubelet verifies credentials: no problem', async () => {
    const [fixture, helper] = opened()
    await fixture.namespace(team)
    await eventually(() => helper.secret(team), 60_000)
    await untilReferred(fixture, team)
    await eventually(async () => {
      await fixture.pod(team, 'fine', { pull: 'Always' }).catch(() => undefined)
      await fixture.until(team, 'fine', 'running', 1000)
    }, 60_000)
    // On the node the registry has its real name.
    const kubeconfig = fixture.cluster.adminKubeconfigFile
    const args = ['doctor', 'pod', `${team}/fine`, '--ask-registry', '--kubeconfig', kubeconfig, '-o', 'json']
    const enter = ['-m', '-t', String(fixture.node.containerd.id.pid), '--', BIN]
    const env = { NODE_EXTRA_CA_CERTS: fixture.node.caFile }
    const { code, stdout, stderr } = await runBin([...enter, ...args], { bin: 'nsenter', env })
    assert.equal(code, 0, stdout + stderr)
    const report: DoctorReport = JSON.parse(stdout)
    assert.deepEqual([report.findings, report.unread], [[], []])
    assert.match(stdout, /"cachePolicy": "NeverVerifyPreloadedImages"/)
    assert.deepEqual(
      report.pod?.containers[0]?.steps.map(({ step, state }) => `${step} ${state}`),
      ['image ok', 'registry ok', 'namespace ok', 'reference ok', 'Secret ok', "registry's response ok", 'node ok'],
    )
  })

  for (const { title, id, message, pod, server } of NODE_WORDS) {
    test(`doctor names ${id} from a real node's message: ${title}`, async () => {
      const [fixture] = opened()
      await named(fixture, id, message, pod, server && (await server(fixture)))
    })
  }

  test("doctor names POD_CERTIFICATE from a real node's message: the node does not know the CA", async () => {
    const [fixture] = opened()
    const server = await startTls()
    try {
      const { port } = server.address() as AddressInfo
      await named(
        fixture,
        'POD_CERTIFICATE',
        /x509[\s\S]*CA of the registry/,
        { pull: 'Always' },
        `https://127.0.0.1:${port}`,
      )
    } finally {
      server.close()
      server.closeAllConnections()
    }
  })

  test("doctor names POD_THROTTLED from a real node's message: the registry throttles", async () => {
    const [fixture] = opened()
    const body = JSON.stringify({ errors: [{ code: 'TOOMANYREQUESTS', message: 'too many requests' }] })
    const server = createHttp((_request, response) => response.writeHead(429, { 'retry-after': '1' }).end(body))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    try {
      const { port } = server.address() as AddressInfo
      const message = /429 Too Many Requests[\s\S]*higher limit/
      await named(fixture, 'POD_THROTTLED', message, { pull: 'Always' }, `http://127.0.0.1:${port}`)
    } finally {
      server.close()
      server.closeAllConnections()
    }
  })

  async function named(
    fixture: NodeFixture,
    id: FindingId,
    message: RegExp,
    pod: Words['pod'],
    server: string | undefined,
  ): Promise<void> {
    const name = id.toLowerCase().replaceAll('_', '-')
    const folder = join(nodeFiles(join(fixture.node.run.folder, 'n')).certsFolder, fixture.domain)
    if (server !== undefined) {
      mkdirSync(folder)
      writeFileSync(join(folder, 'hosts.toml'), hostsToml(server))
    }
    try {
      await fixture.pod(team, name, pod)
      await fixture.until(team, name, REFUSED, 60_000)
      await eventually(async () => {
        const { code, report } = await doctor(name)
        const found = report.findings.find((finding) => finding.id === id)
        assert.ok(found, JSON.stringify(report.findings))
        assert.match(`${found.cause}\n${found.fix}`, message)
        assert.equal(code, 1)
      }, 60_000)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  }
}

/**
 * Both lines are needed: `server` prevents containerd from falling back to the domain, and 1.6
 * ignores a file without `[host]`.
 */
function hostsToml(server: string): string {
  return `server = "${server}"\n[host."${server}"]\n  capabilities = ["pull", "resolve"]\n`
}

async function startTls(): Promise<Server> {
  const pair = createAuthority('nobody-knows').issue({ commonName: 'registry', names: ['127.0.0.1'], minutes: 60 })
  const server = createServer({ key: pair.keyPem, cert: pair.certificatePem }, (_request, response) => response.end())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}
