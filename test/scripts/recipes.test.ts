import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { promisify } from 'node:util'
import { parse } from 'yaml'
import { startCloud } from '../../sandbox/cloud/start-cloud.ts'
import { signJwt } from '../../sandbox/cloud/sts/jwt.ts'
import { VERSION } from '../../src/version.ts'
import { expectSample } from '../support/sample.ts'

const run = promisify(execFile)
const root = join(import.meta.dirname, '../..')
const read = (path: string): string => readFileSync(join(root, path), 'utf8')
const folder = mkdtempSync(join(tmpdir(), 'acr-nopass-recipes-'))
after(() => rmSync(folder, { recursive: true, force: true }))

/** Adds a program of that name to PATH, as a shell script. */
function program(name: string, script: string): void {
  const bin = join(folder, 'bin')
  mkdirSync(bin, { recursive: true })
  writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`)
  chmodSync(join(bin, name), 0o755)
}

const PATH = `${join(folder, 'bin')}:${join(process.execPath, '..')}:${process.env.PATH ?? ''}`

/**
 * Form of the call:
 * https://www.alibabacloud.com/help/en/ram/developer-reference/api-sts-2015-04-01-assumerolewithoidc
 * and the vendor's @alicloud/credentials, oidc_role_arn.
 */
test('GitLab CI: the token of the protected branch becomes a session of the role, that of another branch is rejected', async (t) => {
  await using cloud = await startCloud({})
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const jwks = () => ({ keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'k1' }] })
  const issuer = 'https://gitlab.com'
  const provider = cloud.registerOidcProvider({ name: 'gitlab', issuer, jwks, clientIds: ['sts.aliyuncs.com'] })
  const trust = read('examples/ci/gitlab-trust.json').replaceAll('1427736501988243', cloud.accountId)
  cloud.control.putRole('deploy', JSON.parse(trust))
  const session = async (branch: string): Promise<string> => {
    const now = Math.floor(Date.now() / 1000)
    const sub = `project_path:acme/platform:ref_type:branch:ref:${branch}`
    const claims = { iss: issuer, sub, aud: 'sts.aliyuncs.com', iat: now, exp: now + 3600 }
    const env = {
      PATH,
      STS: cloud.endpoints.sts,
      OIDC_TOKEN: signJwt(claims, privateKey, { kid: 'k1' }),
      OIDC_PROVIDER_ARN: provider,
      ROLE_ARN: `acs:ram::${cloud.accountId}:role/deploy`,
    }
    const { stdout } = await run(process.execPath, [join(root, 'examples/ci/assume-role.mjs')], {
      env,
      timeout: 60_000,
    })
    return stdout
  }
  await t.test('the branch of the trust policy, after STS has failed twice', async () => {
    cloud.faults.add({ kind: 'status', status: 500, code: 'InternalError', match: { product: 'Sts' }, times: 2 })
    const lines = (await session('main')).trim().split('\n')
    assert.deepEqual(
      lines.map((line) => line.replace(/="[\w./+=-]+"$/, '')),
      [
        'export ALIBABA_CLOUD_ACCESS_KEY_ID',
        'export ALIBABA_CLOUD_ACCESS_KEY_SECRET',
        'export ALIBABA_CLOUD_SECURITY_TOKEN',
      ],
    )
  })
  await t.test('another branch', async () => {
    await assert.rejects(session('feature'), (error: { stderr: string }) => /^AuthenticationFail\./.test(error.stderr))
  })
})

test('other CI: the script validates, then plans or applies with flags that the CLI knows', async () => {
  const work = join(folder, 'platform')
  cpSync(join(root, 'examples/ci'), join(work, 'ci'), { recursive: true })
  cpSync(join(root, 'examples/clusters/two-accounts.yaml'), join(work, 'clusters.yaml'))
  cpSync(join(root, 'examples/values/enterprise-worker-role.yaml'), join(work, 'values.yaml'))
  program(
    'npx',
    `test "$1 $2" = '--yes acr-nopass@${VERSION.split('.')[0]}' || exit 9; shift 2; exec "${join(root, 'bin/acr-nopass')}" "$@"`,
  )
  const env = { PATH, HOME: folder }
  const { stdout } = await run('sh', ['ci/rollout.sh'], { cwd: work, env, timeout: 60_000 })
  assert.match(stdout, /^valid: values\.yaml, clusters\.yaml \(3 clusters\)$/m)
  expectSample('validate-clusters', stdout)
  // The error is the missing kubeconfig, which proves that every flag was accepted.
  for (const MODE of ['plan', 'apply']) {
    await assert.rejects(
      run('sh', ['ci/rollout.sh'], { cwd: work, env: { ...env, MODE }, timeout: 60_000 }),
      (error: { stderr: string }) => /KUBECONFIG_MISSING/.test(error.stderr),
      MODE,
    )
  }
  // In the image of the command line there is nothing to install.
  const image = join(folder, 'image-bin')
  mkdirSync(image)
  writeFileSync(join(image, 'acr-nopass'), `#!/bin/sh\necho "the image's own $*"\n`)
  chmodSync(join(image, 'acr-nopass'), 0o755)
  program('npx', 'exit 9')
  const inImage = await run('sh', ['ci/rollout.sh'], { cwd: work, env: { ...env, PATH: `${image}:${PATH}` } })
  assert.equal(inImage.stdout, "the image's own validate --clusters-file clusters.yaml -f values.yaml\n")
})

test('other CI: the files of GitLab and Yunxiao are YAML and run that script in each job', () => {
  const gitlab = parse(read('examples/ci/gitlab-ci.yml')) as Record<string, { script?: string[]; extends?: string }>
  for (const job of ['validate', 'plan', 'apply']) {
    const { script, extends: base = '' } = gitlab[job] ?? {}
    assert.deepEqual(script ?? gitlab[base]?.script, ['sh ci/rollout.sh'], job)
  }
  const flow = parse(read('examples/ci/yunxiao-flow.yml')) as {
    stages: { rollout_stage: { jobs: { rollout_job: { steps: { rollout_step: { with: { run: string } } } } } } }
  }
  const { run: command } = flow.stages.rollout_stage.jobs.rollout_job.steps.rollout_step.with
  assert.match(command, /^sh ci\/rollout\.sh$/m)
  assert.equal(read('examples/ci/Jenkinsfile').match(/sh ci\/rollout\.sh/g)?.length, 2)
})

test('other tools: every manifest names the pull secret by the name that the chart gives it', () => {
  const { secretName } = parse(read('chart/values.yaml')) as { secretName: string }
  const files = readdirSync(join(root, 'examples/tools'))
  assert.equal(files.length, 5)
  for (const file of files) {
    const text = read(`examples/tools/${file}`)
    const { apiVersion, kind } = parse(text) as { apiVersion: string; kind: string }
    assert.ok(apiVersion && kind, file)
    assert.match(text, new RegExp(`[ /[]${secretName}\\b`), file)
  }
})

test('mainland China: the image is copied by the digest that the chart of the release names', async () => {
  const digest = `sha256:${'0123456789abcdef'.repeat(4)}`
  const values = join(folder, 'released-values.yaml')
  const text = read('chart/values.yaml')
  assert.match(text, /^ {2}digest: ""$/m)
  writeFileSync(values, text.replace(/^ {2}digest: ""$/m, `  digest: "${digest}"`))
  const log = join(folder, 'log')
  program('helm', `echo "helm $*" >> "${log}"; if [ "$1" = show ]; then cat "${values}"; fi`)
  program('crane', `echo "crane $*" >> "${log}"`)
  const TO = 'demo-registry.cn-hangzhou.cr.aliyuncs.com/base'
  await run('sh', [join(root, 'examples/mirror.sh')], {
    cwd: folder,
    env: { PATH, VERSION: '1.2.3', TO },
    timeout: 60_000,
  })
  const HOST = 'acr-nopass-registry.cn-hangzhou.cr.aliyuncs.com'
  const [line = ''] = /CHARTS=\S+?` and\n`IMAGE=[^`]+/.exec(read('docs/en/mainland-china.md')) ?? []
  const [, CHARTS = '', IMAGE = ''] = /CHARTS=(\S+?)` and\n`IMAGE=(.*)/.exec(line) ?? []
  await run('sh', [join(root, 'examples/mirror.sh')], {
    cwd: folder,
    env: { PATH, VERSION: '1.2.3', TO, CHARTS, IMAGE },
    timeout: 60_000,
  })
  assert.deepEqual(readFileSync(log, 'utf8').trim().split('\n'), [
    'helm pull oci://ghcr.io/acr-nopass/charts/acr-nopass --version 1.2.3',
    'helm show values acr-nopass-1.2.3.tgz',
    `crane copy ghcr.io/acr-nopass/acr-nopass@${digest} ${TO}/acr-nopass:1.2.3`,
    `helm push acr-nopass-1.2.3.tgz oci://${TO}/charts`,
    // From the copy of this project.
    `helm pull oci://${HOST}/charts/acr-nopass --version 1.2.3`,
    'helm show values acr-nopass-1.2.3.tgz',
    `crane copy ${HOST}/acr-nopass/acr-nopass@${digest} ${TO}/acr-nopass:1.2.3`,
    `helm push acr-nopass-1.2.3.tgz oci://${TO}/charts`,
  ])
})

test('from source: the image is built of the bundle that the Containerfile copies, with the tag that the chart asks for', async () => {
  const log = join(folder, 'source-log')
  for (const name of ['npm', 'docker']) program(name, `echo "${name} $*" >> "${log}"`)
  const TO = 'demo-registry.cn-hangzhou.cr.aliyuncs.com/base'
  const script = join(root, 'examples/from-source.sh')
  await run('sh', [script], { cwd: root, env: { PATH, TO, BASE: 'copy.example.com/node:24' }, timeout: 60_000 })
  const { appVersion } = parse(read('chart/Chart.yaml')) as { appVersion: string }
  const image = `${TO}/acr-nopass:${appVersion}`
  assert.deepEqual(readFileSync(log, 'utf8').trim().split('\n'), [
    'npm ci',
    'npm run build -- helper --out dist/helper.mjs',
    `docker build --platform linux/amd64 --build-arg BASE=copy.example.com/node:24 --file image/Containerfile --tag ${image} .`,
    `docker push ${image}`,
  ])
  assert.match(read('image/Containerfile'), /^ARG BASE=[\s\S]*^COPY dist\/helper\.mjs /m)
})
