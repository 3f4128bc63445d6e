import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { promisify } from 'node:util'
import { stringify } from 'yaml'
import { startRegistry } from '../../sandbox/registry/start-registry.ts'
import { buildDockerConfig } from '../../src/acr/docker-config.ts'
import { ensureTools } from '../../tools/build/ensure-tools.ts'
import { ROOT } from '../cli/run-bin.ts'
import { rolledOut } from '../support/cluster/app-deployment.ts'
import { readAuditLog } from '../support/cluster/audit-log.ts'
import { attachOld } from '../support/cluster/legacy-objects.ts'
import { watchPulls } from '../support/cluster/pull-watch.ts'
import { eventually } from '../support/eventually.ts'
import { registryClient } from '../support/registry/registry-client.ts'
import { expectSample } from '../support/sample.ts'
import { silentProgress } from '../support/silent-progress.ts'
import { openHelperCluster } from './helper-cluster.ts'

const HOST = 'demo-registry-vpc.cn-hangzhou.cr.aliyuncs.com'
const IMAGE = `${HOST}/team/app`
const signal = AbortSignal.timeout(15 * 60_000)
const tools = await ensureTools(['registry', 'kubectl'], { progress: silentProgress, signal })
const fixture = await openHelperCluster('passwords', undefined, {
  images: { [IMAGE]: [process.execPath, '-e', 'setInterval(() => {}, 1000)'] },
})
const { admin, chart, cloud } = fixture
const registry = await startRegistry({ tools, auth: cloud.registryAuth, signal })
const folder = await mkdtemp(join(tmpdir(), 'acr-nopass-passwords-'))
after(async () => {
  await registry.stop()
  await fixture[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})

const LOGIN = cloud.registryPush
const VALUES = { endpoints: { registry: registry.url } }

/** The shell commands that the page shows in its section, in order, one line each. */
async function pageCommands(language: string): Promise<readonly string[]> {
  const page = await readFile(join(ROOT, `docs/${language}/migrate.md`), 'utf8')
  const [, rest = ''] = page.split('<a id="regcred"></a>')
  const [, section = ''] = rest.split(/^## /m)
  const blocks = [...section.matchAll(/^( *)```sh\n([\s\S]*?)^ *```$/gm)]
  return blocks.flatMap(([, indent = '', block = '']) =>
    block.split('\n').flatMap((line) => (line.trim() === '' ? [] : [line.slice(indent.length)])),
  )
}

/** The command of the page about existing workloads. */
async function listCommand(): Promise<string> {
  const page = await readFile(join(ROOT, 'docs/en/existing-workloads.md'), 'utf8')
  const [, command = ''] = /^```sh\n([\s\S]*?)^```$/m.exec(page) ?? []
  assert.ok((await readFile(join(ROOT, 'docs/zh/existing-workloads.md'), 'utf8')).includes(command))
  return command
}

/** The report that the page shows. */
async function pageReport(language: string): Promise<string> {
  const page = await readFile(join(ROOT, `docs/${language}/migrate.md`), 'utf8')
  const [, report = ''] = /^```\n(1 static login[\s\S]*?)^```$/m.exec(page) ?? []
  return report
}

async function shell(command: string): Promise<string> {
  const { stdout, stderr } = await promisify(execFile)('bash', ['-e', '-o', 'pipefail', '-c', command], {
    cwd: folder,
    env: { PATH: `${folder}:${process.env.PATH}`, HOME: folder, KUBECONFIG: join(folder, 'kubeconfig.yaml') },
  })
  for (const part of [LOGIN.password, Buffer.from(`${LOGIN.username}:${LOGIN.password}`).toString('base64')]) {
    assert.ok(!`${stdout}${stderr}`.includes(part), command)
  }
  return stdout
}

async function deploy(name: string, imagePullSecrets: readonly object[]): Promise<void> {
  const labels = { app: name }
  const containers = [{ name: 'app', image: `${IMAGE}:1`, imagePullPolicy: 'Always' }]
  const template = {
    metadata: { labels },
    spec: { containers, ...(imagePullSecrets.length > 0 && { imagePullSecrets }) },
  }
  const body = { metadata: { name }, spec: { replicas: 2, selector: { matchLabels: labels }, template } }
  await admin.request({ method: 'POST', path: '/apis/apps/v1/namespaces/shop/deployments', body })
  await rolledOut(admin, 'shop', name)
}

/** As the page shows it, whatever the day. */
const withoutDates = (text: string): string => text.replaceAll(/\b20\d\d-\d\d-\d\d\b/g, 'YYYY-MM-DD')

test('from a hand-made regcred with the commands of the page: a Pod can pull at every moment, and only what can go is reported to be able to go', async () => {
  await symlink(tools.kubectl, join(folder, 'kubectl'))
  await symlink(join(ROOT, 'bin/acr-nopass'), join(folder, 'acr-nopass'))
  await writeFile(join(folder, 'kubeconfig.yaml'), await readFile(chart.cluster.adminKubeconfigFile, 'utf8'))
  await writeFile(join(folder, 'values.yaml'), stringify({ ...fixture.values, ...VALUES }))
  assert.equal(await registryClient(registry.url, LOGIN).push('team/app', '1', 'team/app'), 201)
  await chart.createNamespace('shop')
  const data = {
    '.dockerconfigjson': Buffer.from(buildDockerConfig([{ ...LOGIN, domains: [HOST] }], 'full')).toString('base64'),
  }
  const body = { metadata: { name: 'regcred' }, type: 'kubernetes.io/dockerconfigjson', data }
  await admin.request({ method: 'POST', path: '/api/v1/namespaces/shop/secrets', body })
  await attachOld(admin, 'shop', 'default', ['regcred'])
  await deploy('web', [{ name: 'regcred' }])
  await deploy('api', [])
  const [first, validate, apply, second, patch, restart, third, remove, detach, ...more] = await pageCommands('en')
  assert.deepEqual(more, [])
  assert.deepEqual(await pageCommands('zh'), await pageCommands('en'))
  const watch = watchPulls(admin, registry.url, [{ namespace: 'shop', serviceAccount: 'default', image: `${IMAGE}:1` }])

  await watch.phase('before')
  const before = await shell(first ?? '')
  for (const language of ['en', 'zh']) {
    assert.equal(
      withoutDates(before.split('\n\nother pull secrets')[0] ?? '').trim(),
      withoutDates(await pageReport(language)).trim(),
    )
  }

  await watch.phase('install')
  await shell(validate ?? '')
  // The helper of this cluster is a process, so its chart is installed by Helm.
  assert.equal(apply, 'acr-nopass apply -f values.yaml --kubeconfig kubeconfig.yaml')
  await fixture.install(VALUES)
  await eventually(async () => assert.ok(await fixture.isUsable('shop')), 180_000)
  await eventually(async () => {
    const report = await shell(second ?? '')
    assert.match(
      report,
      /^ {2}Deployment shop\/web: its template names the Secret and not acr-nopass\n {4}fix: Write acr-nopass there instead\.$/m,
    )
    assert.match(
      report,
      /^ {2}deployment\/api in shop \(2 Pods\): .*\n {4}fix: Restart it\. kubectl --kubeconfig kubeconfig\.yaml -n shop rollout restart deployment\/api$/m,
    )
    assert.match(report, /^ {2}not needed by: ServiceAccount shop\/default$/m)
    assert.match(report, /^shop\/regcred .* yes +no$/m)
  }, 60_000)

  const [head = '', ...lines] = (await shell(await listCommand())).split('\n')
  const listed = lines.filter((line) => line.startsWith('shop '))
  // The names of Pods differ from run to run, and have different lengths.
  const shown = listed.map((line) => line.replace(/-\S+/, '').split(/ +/)).sort()
  assert.deepEqual(shown, [...['api', 'api', 'web', 'web'].map((name) => ['shop', name, 'regcred'])])
  const columns = (cells: readonly string[]): string =>
    cells
      .map((cell) => cell.padEnd(21))
      .join('')
      .trimEnd()
  const ends = ['6c9f8d7b5-2kq8z', '6c9f8d7b5-tw4xn', '5d9c7f684-q7h2m', '5d9c7f684-x2x4k']
  const table = shown.map(([namespace = '', name, secrets = ''], index) => {
    return columns([namespace, `${name}-${ends[index]}`, secrets])
  })
  expectSample('existing-workloads', [columns(head.split(/ +/)), ...table].join('\n'))

  await watch.phase('restart')
  await shell(patch ?? '')
  await shell(restart ?? '')
  for (const name of ['web', 'api']) await rolledOut(admin, 'shop', name)
  const ready = await eventually(async () => {
    const report = await shell(third ?? '')
    assert.match(
      report,
      /^shop\/regcred: can go: everything that names it also pulls with acr-nopass, and acr-nopass covers its hosts$/m,
    )
    return report
  }, 60_000)
  assert.ok(ready.includes(`  to delete it: ${remove}\n`), ready)

  const from = readAuditLog(chart.cluster).length
  const rules = await readFile(join(ROOT, 'examples/migrate/passwords-reader.yaml'), 'utf8')
  await writeFile(join(folder, 'reader.yaml'), rules)
  await shell('kubectl --kubeconfig kubeconfig.yaml apply -f reader.yaml')
  await shell(
    'kubectl --kubeconfig kubeconfig.yaml create clusterrolebinding anna --clusterrole acr-passwords-reader --user anna',
  )
  await writeFile(join(folder, 'anna.yaml'), chart.cluster.kubeconfigFor('anna', [], 10))
  const asAnna = JSON.parse(await shell('acr-nopass doctor passwords --kubeconfig anna.yaml -o json'))
  assert.deepEqual([asAnna.unread, asAnna.passwords[0].canGo], [[], 'yes'])
  const own = readAuditLog(chart.cluster)
    .slice(from)
    .filter(({ user }) => user.username === 'anna')
  assert.deepEqual([...new Set(own.map(({ verb }) => verb))].sort(), ['get', 'list'])

  await watch.phase('delete')
  await shell(remove ?? '')
  await shell(detach ?? '')
  assert.match(await shell(first ?? ''), /^no static login of ACR was found\n/)
  await watch.phase('after')
  const { pulls, failed } = await watch.stop()
  assert.deepEqual(failed, [])
  for (const phase of ['before', 'install', 'restart', 'delete', 'after']) assert.ok((pulls[phase] ?? 0) > 2, phase)
  const { imagePullSecrets } = await fixture.account('shop')
  assert.deepEqual(imagePullSecrets, [{ name: 'acr-nopass' }])
})
