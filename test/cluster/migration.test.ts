import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { parse } from 'yaml'
import { startRegistry } from '../../sandbox/registry/start-registry.ts'
import { ensureTools } from '../../tools/build/ensure-tools.ts'
import { type BinResult, runBin } from '../cli/run-bin.ts'
import { deploy, restart } from '../support/cluster/app-deployment.ts'
import { readAuditLog } from '../support/cluster/audit-log.ts'
import { attachOld, oldHelper, oldLogin, oldSecret } from '../support/cluster/legacy-objects.ts'
import { watchPulls } from '../support/cluster/pull-watch.ts'
import { eventually } from '../support/eventually.ts'
import { registryClient } from '../support/registry/registry-client.ts'
import { silentProgress } from '../support/silent-progress.ts'
import { testBackAgain } from './back-again-suite.ts'
import { names, openHelperCluster } from './helper-cluster.ts'

const PERSONAL = 'registry.cn-shanghai.aliyuncs.com/acme/tools'
const DEMO = 'demo-registry-vpc.cn-hangzhou.cr.aliyuncs.com/team/app'
/** A custom domain of an instance that is not in the values. */
const SECOND = 'img.second.example.com'
const OLD_IMAGE = 'registry.cn-shanghai.aliyuncs.com/acs/aliyun-acr-credential-helper'
const A = 'aliyun-acr-credential-a'
const B = 'aliyun-acr-credential-b'
const AGGREGATION = 'acr-credential-secret-aggregation'
const IDLE = [process.execPath, '-e', 'setInterval(() => {}, 1000)']

const signal = AbortSignal.timeout(30 * 180_000)
const tools = await ensureTools(['registry'], { progress: silentProgress, signal })
const images = { [PERSONAL]: IDLE, [DEMO]: IDLE, [OLD_IMAGE]: IDLE }
const fixture = await openHelperCluster('migration', undefined, { images })
const { admin, chart, cloud, workerRole } = fixture
const registry = await startRegistry({ tools, auth: cloud.registryAuth, signal })
const folder = await mkdtemp(join(tmpdir(), 'acr-nopass-migration-'))
after(async () => {
  await registry.stop()
  await fixture[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})
const push = registryClient(registry.url, cloud.registryPush)
for (const repository of ['acme/tools', 'team/app']) assert.equal(await push.push(repository, '1', repository), 201)

const cli = (...args: string[]): Promise<BinResult> =>
  runBin([...args, '--kubeconfig', chart.cluster.adminKubeconfigFile])
const install = (values: object): Promise<void> => fixture.install(values, { endpoints: { registry: registry.url } })

const status = async (path: string): Promise<number> => {
  const response = await admin.request({ method: 'GET', path }).catch((error: { status: number }) => error.status)
  return typeof response === 'number' ? response : 200
}

test('from the 2018 recipe: import, install, restart, cleanup; a Pod can pull at every moment, and of the recipe only its Secrets are left', async () => {
  const login = await oldLogin(cloud, workerRole)
  await oldHelper(admin, 'cluster-admin', `${OLD_IMAGE}:v18.10.29.0-1a28f02-aliyun`)
  await oldSecret(admin, 'default', A, [{ ...login, domains: ['registry.cn-shanghai.aliyuncs.com'] }])
  await oldSecret(admin, 'default', B, [{ ...login, domains: ['registry-vpc.cn-shanghai.aliyuncs.com'] }])
  await attachOld(admin, 'default', 'default', ['own', A, B])
  await deploy(admin, 'default', 'web', PERSONAL)
  const watch = watchPulls(admin, registry.url, [
    { namespace: 'default', serviceAccount: 'default', image: `${PERSONAL}:1` },
  ])

  await watch.phase('import')
  const file = join(folder, 'values.yaml')
  const imported = await cli('import', '--to', file)
  assert.equal(imported.code, 0, imported.stderr)
  const values = parse(await readFile(file, 'utf8'))
  assert.deepEqual(values.registries, [{ name: 'personal-cn-shanghai', edition: 'personal', region: 'cn-shanghai' }])
  const tooEarly = await cli('cleanup', '--legacy', '--confirm', 'aliyun-acr-credential-helper/1')
  assert.equal(tooEarly.code, 1)
  assert.match(tooEarly.stdout, /^LEGACY_IN_USE: 1 still depends .*\nthe cluster: acr-nopass is not installed here\n/)

  await watch.phase('install')
  await install(values)
  await eventually(async () => assert.ok(await fixture.isUsable('default')), 180_000)
  // Until the helper reports its values, it covers nothing; it reports once in 30 s.
  await eventually(async () => {
    const blocked = await cli('cleanup', '--legacy', '--confirm', 'aliyun-acr-credential-helper/1', '-o', 'json')
    assert.equal(blocked.code, 1)
    const { dependents, done } = JSON.parse(blocked.stdout)
    assert.deepEqual(done, [])
    assert.deepEqual(
      dependents.map(({ command }: { command: string }) => command),
      ['kubectl -n default rollout restart deployment/web'],
      blocked.stdout,
    )
  }, 60_000)

  await watch.phase('restart')
  await restart(admin, 'default', 'web')
  const plan = await cli('cleanup', '--legacy')
  assert.equal(plan.code, 0, plan.stdout)
  assert.match(plan.stdout, /nothing depends .*\n {2}delete Deployment kube-system\/aliyun-acr-credential-helper\n/)
  assert.equal(await status(`/api/v1/namespaces/default/secrets/${A}`), 200)

  await watch.phase('cleanup')
  const cleaned = await cli('cleanup', '--legacy', '--confirm', 'aliyun-acr-credential-helper/1')
  assert.equal(cleaned.code, 0, cleaned.stdout + cleaned.stderr)
  assert.match(cleaned.stdout, /deleted ClusterRoleBinding aliyun-acr-credential-helper-rolebinding\n/)
  await watch.phase('after')
  const { pulls, failed } = await watch.stop()
  assert.deepEqual(failed, [])
  for (const phase of ['import', 'install', 'restart', 'cleanup', 'after']) assert.ok((pulls[phase] ?? 0) > 2, phase)
  // P1: entries of other clients stay, in their order.
  assert.deepEqual(
    names(await fixture.account('default')).filter((name) => name !== 'acr-nopass'),
    ['own'],
  )
  for (const name of [A, B]) assert.equal(await status(`/api/v1/namespaces/default/secrets/${name}`), 200)
  for (const path of [
    '/api/v1/namespaces/kube-system/serviceaccounts/aliyun-acr-credential-helper',
    '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/aliyun-acr-credential-helper-rolebinding',
    '/apis/apps/v1/namespaces/kube-system/deployments/aliyun-acr-credential-helper',
  ]) {
    assert.equal(await status(path), 404, path)
  }
  const again = await cli('cleanup', '--legacy', '--confirm', 'aliyun-acr-credential-helper/1')
  assert.deepEqual([again.code, again.stderr], [0, ''])
  for (const name of [A, B]) {
    // Pods keep the names with which they were created.
    assert.match(again.stdout, new RegExp(`^kept Secret default/${name}: Pod default/web-.*; last written at `, 'm'))
    assert.ok(again.stdout.includes(`kubectl -n default delete secret ${name}\n`), again.stdout)
    await admin.request({ method: 'DELETE', path: `/api/v1/namespaces/default/secrets/${name}` })
  }
  assert.equal(
    (await cli('cleanup', '--legacy', '--confirm', 'aliyun-acr-credential-helper/1')).stdout,
    "nothing of Alibaba's own helper is left\n",
  )
})

test("from the vendor's add-on: several instances, namespaces and ServiceAccounts; a Pod can pull at every moment", async () => {
  const demo = cloud.instances.find(({ edition }) => edition === 'enterprise')
  assert.ok(demo)
  const [personalLogin, demoLogin] = await Promise.all([oldLogin(cloud, workerRole), oldLogin(cloud, workerRole, demo)])
  await oldHelper(admin, 'aliyun-acr-credential-helper', `${OLD_IMAGE}:v25.07.21.1-67f1f51-aliyun`)
  const data = {
    'acr-api-version': '2018-12-01',
    'service-account': 'default,builder',
    'watch-namespace': 'shop,web',
    'expiring-threshold': '15m',
    'acr-registry-info': `- instanceId: "${demo.id}"\n  regionId: "${demo.region}"\n- instanceId: ""\n  regionId: cn-shanghai\n`,
  }
  const configMap = { metadata: { name: 'acr-configuration' }, data }
  await admin.request({ method: 'POST', path: '/api/v1/namespaces/kube-system/configmaps', body: configMap })
  const domains = [DEMO.split('/')[0] ?? '']
  for (const namespace of ['shop', 'web']) {
    await chart.createNamespace(namespace)
    const path = `/api/v1/namespaces/${namespace}/serviceaccounts`
    await admin.request({ method: 'POST', path, body: { metadata: { name: 'builder' } } })
    const logins = [
      { ...demoLogin, domains },
      { ...personalLogin, domains: ['registry.cn-shanghai.aliyuncs.com'] },
    ]
    await oldSecret(admin, namespace, AGGREGATION, logins)
    for (const account of ['default', 'builder']) await attachOld(admin, namespace, account, [AGGREGATION])
  }
  await deploy(admin, 'shop', 'app', DEMO)
  await deploy(admin, 'web', 'tools', PERSONAL, 'builder')
  const attempt = (namespace: string, serviceAccount: string, image: string) => ({
    namespace,
    serviceAccount,
    image: `${image}:1`,
  })
  const watch = watchPulls(admin, registry.url, [
    attempt('shop', 'default', DEMO),
    attempt('shop', 'builder', PERSONAL),
    attempt('web', 'builder', DEMO),
  ])

  await watch.phase('import')
  const imported = await cli('import', '-o', 'json')
  assert.equal(imported.code, 0, imported.stderr)
  const { values: text, steps } = JSON.parse(imported.stdout)
  const values = parse(text)
  assert.deepEqual(values.targets, {
    namespaces: { include: ['shop', 'web'] },
    serviceAccounts: { include: ['default', 'builder'] },
  })
  assert.ok(steps.some((step: string) => step.includes(AGGREGATION)))

  await watch.phase('install')
  await install(values)
  for (const namespace of ['shop', 'web'])
    await eventually(async () => assert.ok(await fixture.isUsable(namespace)), 180_000)
  await watch.phase('restart')
  await restart(admin, 'shop', 'app')
  await restart(admin, 'web', 'tools')
  await watch.phase('uncovered')
  // The login of the second instance exists only in the Secret: nothing in the cluster names the
  // instance or its domain.
  await oldSecret(admin, 'shop', AGGREGATION, [
    { ...demoLogin, domains: [...domains, SECOND] },
    { ...personalLogin, domains: ['registry.cn-shanghai.aliyuncs.com'] },
  ])
  const second = watchPulls(admin, registry.url, [attempt('shop', 'default', `${SECOND}/team/app`)])
  // The upgrade began a new leader, which has not checked the logins that it found.
  const asked = await cli('refresh')
  assert.equal(asked.code, 0, asked.stdout + asked.stderr)
  const refused = await cli('cleanup', '--legacy', '--confirm', 'aliyun-acr-credential-helper/1')
  assert.equal(refused.code, 1, refused.stdout)
  assert.match(
    refused.stdout,
    /^img\.second\.example\.com: Secret shop\/acr-credential-secret-aggregation holds a login/m,
  )
  // One token lifetime later, the first logins have expired. The old helper writes new logins only
  // if it still exists.
  if ((await status('/apis/apps/v1/namespaces/kube-system/deployments/aliyun-acr-credential-helper')) === 200) {
    await oldSecret(admin, 'shop', AGGREGATION, [
      { ...(await oldLogin(cloud, workerRole, demo)), domains: [...domains, SECOND] },
      { ...(await oldLogin(cloud, workerRole)), domains: ['registry.cn-shanghai.aliyuncs.com'] },
    ])
  }
  // A pull that has already read the first logins ends before they expire.
  await second.phase('renewed')
  cloud.control.expireTokens([demoLogin.password, personalLogin.password])
  await restart(admin, 'shop', 'app')
  await second.phase('later')
  const ofSecond = await second.stop()
  assert.deepEqual(ofSecond.failed, [])
  assert.ok((ofSecond.pulls.later ?? 0) > 0, 'a new Pod of the second instance pulls one token life later')

  await watch.phase('cleanup')
  const cleaned = await cli('cleanup', '--legacy', '--confirm', 'aliyun-acr-credential-helper/1', '--abandon', SECOND)
  assert.equal(cleaned.code, 0, cleaned.stdout + cleaned.stderr)
  await watch.phase('after')
  const { pulls, failed } = await watch.stop()
  assert.deepEqual(failed, [])
  for (const phase of ['import', 'install', 'restart', 'cleanup', 'after']) assert.ok((pulls[phase] ?? 0) > 2, phase)
  for (const namespace of ['shop', 'web']) {
    for (const account of ['default', 'builder']) {
      assert.deepEqual(names(await fixture.account(namespace, account)), ['acr-nopass'])
    }
  }
  assert.equal(await status('/api/v1/namespaces/kube-system/configmaps/acr-configuration'), 404)
})

testBackAgain(() => ({
  fixture,
  registry: registry.url,
  oldImage: `${OLD_IMAGE}:v25.07.21.1-67f1f51-aliyun`,
  image: DEMO,
  deployments: { shop: 'app', web: 'tools' },
}))

test('the monitor of the pulls notices a failed pull', async () => {
  await chart.createNamespace('bare')
  const watch = watchPulls(admin, registry.url, [{ namespace: 'bare', serviceAccount: 'default', image: `${DEMO}:1` }])
  await watch.phase('bare')
  const { pulls, failed } = await watch.stop()
  assert.deepEqual(pulls, {})
  assert.match(failed[0] ?? '', /^(before|bare): bare\/tried with \[\]: no credential$/)
})

test('with few permissions the command reports what is missing, and removes nothing', async () => {
  const kubeconfig = join(folder, 'anna.kubeconfig')
  await writeFile(kubeconfig, chart.cluster.kubeconfigFor('anna', [], 10))
  const imported = await runBin(['import', '--kubeconfig', kubeconfig])
  assert.equal(imported.code, 2)
  assert.match(imported.stderr, /^IMPORT_NOTHING: .*not readable: .*ServiceAccounts of all namespaces/)
  assert.doesNotMatch(imported.stderr, /these values/)
  const cleaned = await runBin([
    'cleanup',
    '--legacy',
    '--confirm',
    'aliyun-acr-credential-helper/1',
    '--kubeconfig',
    kubeconfig,
  ])
  assert.deepEqual([cleaned.code, cleaned.stdout], [1, ''])
  assert.match(cleaned.stderr, /^LEGACY_UNREADABLE: not readable: .*Pods of all namespaces/)
})

test('P5 P6 import and cleanup request no Secret but pull secrets, and of other names only to find copies before a removal', async () => {
  const requests = readAuditLog(chart.cluster).filter(({ objectRef, user, userAgent, verb }) => {
    // A request that failed before authentication has no user and gets nothing. The helper's first
    // request with a new token may fail in this way.
    const isUsers = user.username?.startsWith('system:serviceaccount:') === false
    return objectRef?.resource === 'secrets' && userAgent?.startsWith('acr-nopass/') && isUsers && verb !== 'delete'
  })
  assert.ok(requests.length > 0)
  for (const { verb, requestURI } of requests) {
    assert.equal(verb, 'list')
    assert.match(
      requestURI,
      /fieldSelector=(metadata\.name%3D(aliyun-acr-credential-[ab]|acr-credential-secret-aggregation|alibaba-addon-secret|acr-nopass)|type%3Dkubernetes\.io%2Fdockerc(onfigjson|fg))(&|$)/,
    )
  }
})
