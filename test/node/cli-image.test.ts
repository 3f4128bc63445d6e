import assert from 'node:assert/strict'
import { chownSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { parse } from 'yaml'
import { type Cluster, startCluster } from '../../sandbox/cluster/start-cluster.ts'
import { VERSION } from '../../src/version.ts'
import { pinnedTool } from '../../tools/build/find-tool.ts'
import { readHost } from '../../tools/host.ts'
import { runBin } from '../cli/run-bin.ts'
import { writeCliImage } from '../support/image/cli-image.ts'
import {
  type ContainerOptions,
  type ContainerResult,
  runContainer,
  type UnpackedImage,
  unpackImage,
} from '../support/image/run-container.ts'
import { testTools } from '../tools.ts'

const root = join(import.meta.dirname, '../..')
const signal = AbortSignal.timeout(600_000)
const folder = mkdtempSync(join(tmpdir(), 'acr-nopass-cli-image-'))
const tools = await testTools('etcd', 'kube-apiserver', 'kube-controller-manager', 'helm4', 'runc')
let image: UnpackedImage
let cluster: Cluster
before(async () => {
  image = unpackImage(await writeCliImage(join(folder, 'built'), tools.helm4, signal), join(folder, 'rootfs'))
  cluster = await startCluster({ name: 'cli', tools, signal })
})
after(async () => {
  await cluster?.stop()
  rmSync(folder, { recursive: true, force: true })
})

function run(options: Omit<ContainerOptions, 'runc' | 'folder' | 'image'>): Promise<ContainerResult> {
  return runContainer({ runc: tools.runc, folder, image, ...options })
}

/**
 * What GitLab's runner starts in a job's container; it then writes the script of the job to the
 * standard input. From BashDetectShellScript in shells/bash.go of
 * https://gitlab.com/gitlab-org/gitlab-runner
 */
const GITLAB = `if [ -x /usr/local/bin/bash ]; then
\texec /usr/local/bin/bash
elif [ -x /usr/bin/bash ]; then
\texec /usr/bin/bash
elif [ -x /bin/bash ]; then
\texec /bin/bash
elif [ -x /usr/local/bin/sh ]; then
\texec /usr/local/bin/sh
elif [ -x /usr/bin/sh ]; then
\texec /usr/bin/sh
elif [ -x /bin/sh ]; then
\texec /bin/sh
elif [ -x /busybox/sh ]; then
\texec /busybox/sh
else
\techo shell not found
\texit 1
fi

`

test('without a command the container prints the help, as a user other than root', async () => {
  assert.match(image.config.User, /^[1-9]\d*:[1-9]\d*$/)
  const { code, stdout, stderr } = await run({})
  assert.deepEqual([code, stderr], [0, ''])
  assert.match(stdout, /^Usage: acr-nopass /)
})

test('the container has the command line of the release, and the Helm that was given to the image', async () => {
  const script = 'acr-nopass --version && helm version --template "{{ .Version }}"'
  const { code, stdout, stderr } = await run({ command: ['sh', '-c', script] })
  assert.deepEqual([code, stdout, stderr], [0, `acr-nopass ${VERSION}\nv${await ownHelm()}`, ''])
})

/** The version of this machine's Helm, which the image of this test has. */
async function ownHelm(): Promise<string> {
  return (await pinnedTool('helm4', readHost())).version
}

test("GitLab: the job of the example runs in the container, with the container's own command line and Helm", async () => {
  const project = join(folder, 'project')
  cpSync(join(root, 'examples/ci'), join(project, 'ci'), { recursive: true })
  const rollout = readFileSync(join(project, 'ci/rollout.sh'), 'utf8')
  // The job reaches no cloud.
  writeFileSync(join(project, 'ci/rollout.sh'), `${rollout.trimEnd()} --ram none\n`)
  cpSync(join(root, 'examples/values/static-login.yaml'), join(project, 'values.yaml'))
  writeFileSync(join(project, 'kubeconfig'), readFileSync(cluster.adminKubeconfigFile), { mode: 0o644 })
  writeFileSync(join(project, 'clusters.yaml'), '- { name: test, kubeconfig: { file: kubeconfig } }\n')
  const gitlab = parse(readFileSync(join(root, 'examples/ci/gitlab-ci.yml'), 'utf8'))
  assert.equal(gitlab.image, `ghcr.io/acr-nopass/acr-nopass-cli:${VERSION}`)
  const job = (MODE?: string): Promise<ContainerResult> =>
    run({
      command: ['sh', '-c', GITLAB],
      input: `cd /work\n${gitlab.validate.script.join('\n')}\n`,
      volumes: { '/work': project },
      ...(MODE && { environment: { MODE } }),
    })
  const validated = await job()
  assert.deepEqual(validated, { code: 0, stdout: 'valid: values.yaml, clusters.yaml (1 cluster)\n', stderr: '' })
  const planned = await job('plan')
  assert.equal(planned.code, 0, planned.stderr)
  assert.match(planned.stdout, /^test: would install acr-nopass-\d/m)
})

test("a person runs doctor in the container by the page's command, with a kubeconfig that only this user can read", async () => {
  const shown = ['docker run --rm --user "$(id -u)" --volume "$HOME/.kube:/kube:ro" --env KUBECONFIG=/kube/config']
  shown.push(`ghcr.io/acr-nopass/acr-nopass-cli:${VERSION} acr-nopass doctor`)
  for (const language of ['en', 'zh']) {
    assert.ok(readFileSync(join(root, `docs/${language}/cli.md`), 'utf8').includes(shown.join(' \\\n  ')), language)
  }
  const uid = 4321
  const kube = join(folder, 'person')
  mkdirSync(kube)
  writeFileSync(join(kube, 'config'), readFileSync(cluster.adminKubeconfigFile), { mode: 0o600 })
  chownSync(join(kube, 'config'), uid, uid)
  const command = ['acr-nopass', 'doctor', '-o', 'json']
  const options = { command, volumes: { '/kube': kube }, environment: { KUBECONFIG: '/kube/config' } }
  const inside = await run({ ...options, user: String(uid) })
  const outside = await runBin(command.slice(1), { env: { KUBECONFIG: cluster.adminKubeconfigFile } })
  const codes = (text: string): readonly string[] =>
    (JSON.parse(text) as { findings: readonly { id: string }[] }).findings.map(({ id }) => id)
  assert.equal(inside.code, outside.code, inside.stderr)
  assert.ok(codes(outside.stdout).length > 0)
  assert.deepEqual(codes(inside.stdout), codes(outside.stdout))
  const other = await run({ ...options, user: '4322' })
  assert.notEqual(other.code, 0)
})
