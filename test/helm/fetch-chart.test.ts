import assert from 'node:assert/strict'
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { fetchChart } from '../../src/helm/fetch-chart.ts'
import type { Helm } from '../../src/helm/find-helm.ts'

/** A program in place of helm. It records its call and runs `script` with DESTINATION set. */
async function open(t: TestContext, script: string) {
  const folder = await mkdtemp(join(tmpdir(), 'acr-nopass-fetch-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const [log, path] = [join(folder, 'calls'), join(folder, 'helm')]
  const destination =
    'for a; do case "$a" in --destination=*) DESTINATION=$(printf %s "$a" | cut -d= -f2-);; esac; done'
  await writeFile(path, `#!/bin/sh\necho "$*" >> ${log}\n${destination}\n${script}\n`)
  await chmod(path, 0o700)
  const helm = { path, environment: { PATH: '/usr/bin:/bin' } } as unknown as Helm
  const fetch = (reference: string, version?: string, signal = t.signal) =>
    fetchChart(helm, { reference, version }, folder, signal)
  const calls = async () =>
    (await readFile(log, 'utf8').catch(() => '')).replaceAll(folder, 'RUN').split('\n').filter(Boolean)
  return { folder, fetch, calls }
}

test('a chart of a registry is pulled once into the folder of the run, with its version', async (t) => {
  const { fetch, calls } = await open(t, 'echo pulled > "$DESTINATION/c-1.2.0.tgz"')
  const archive = await fetch('oci://registry.example.com/charts/c', '1.2.0')
  assert.equal(await readFile(archive, 'utf8'), 'pulled\n')
  assert.match(
    (await calls()).join(),
    /^pull oci:\/\/registry\.example\.com\/charts\/c --version=1\.2\.0 --destination=RUN\/chart-\w+$/,
  )
})

test('without a version, helm chooses the newest of a registry', async (t) => {
  const { fetch, calls } = await open(t, 'echo pulled > "$DESTINATION/c-2.tgz"')
  await fetch('oci://registry.example.com/charts/c')
  assert.match((await calls()).join(), /^pull oci:\/\/registry\.example\.com\/charts\/c --destination=RUN\/chart-\w+$/)
})

test('a folder is packed: what changes in it later is not deployed', async (t) => {
  const { folder, fetch, calls } = await open(t, 'cp "$2/values.yaml" "$DESTINATION/c-1.tgz"')
  const chart = join(folder, 'my chart')
  await mkdir(chart)
  await writeFile(join(chart, 'values.yaml'), 'checked')
  const archive = await fetch(chart)
  await writeFile(join(chart, 'values.yaml'), 'changed')
  assert.equal(await readFile(archive, 'utf8'), 'checked')
  assert.match((await calls()).join(), /^package RUN\/my chart --destination=/)
})

test('an archive is copied: what replaces it later is not deployed', async (t) => {
  const { folder, fetch, calls } = await open(t, 'exit 1')
  const chart = join(folder, 'c-1.tgz')
  await writeFile(chart, 'checked')
  const archive = await fetch(chart)
  await writeFile(chart, 'changed')
  assert.equal(await readFile(archive, 'utf8'), 'checked')
  assert.notEqual(dirname(archive), folder)
  assert.deepEqual(await calls(), [])
})

// The text is from Helm 3.22 and 4.3 (test/contract/fetch-chart.test.ts).
test('a registry that cannot be reached is an error of the chart, not of the cluster', async (t) => {
  const { fetch } = await open(
    t,
    'echo "Error: Get \\"https://registry.example.com/v2/charts/c/tags/list\\": dial tcp 10.0.0.1:443: connect: connection refused" >&2; exit 1',
  )
  await assert.rejects(fetch('oci://registry.example.com/charts/c'), {
    code: 'HELM_CHART',
    message: /^oci:\/\/registry\.example\.com\/charts\/c cannot be pulled: .*connection refused$/,
    hint: /reaches the registry; a private one needs `helm registry login`/,
  })
})

test('a folder that helm cannot pack is an error of the chart', async (t) => {
  const { folder, fetch } = await open(t, 'echo "Error: Chart.yaml file is missing" >&2; exit 1')
  await assert.rejects(fetch(folder), { code: 'HELM_CHART', message: /cannot be packed: Chart\.yaml file is missing$/ })
})

test('a helm that writes no archive, or more than one, is an error of the chart', async (t) => {
  for (const script of ['true', 'touch "$DESTINATION/a.tgz" "$DESTINATION/b.tgz"']) {
    const { fetch } = await open(t, script)
    await assert.rejects(fetch('oci://registry.example.com/charts/c'), {
      code: 'HELM_CHART',
      message: 'oci://registry.example.com/charts/c: helm wrote no archive of the chart',
    })
  }
})

test('P10 an interrupted run waits for no chart', async (t) => {
  const { fetch } = await open(t, 'exec sleep 1000')
  const interrupted = AbortSignal.abort(new Error('ended'))
  await assert.rejects(fetch('oci://registry.example.com/charts/c', undefined, interrupted), { message: 'ended' })
})
