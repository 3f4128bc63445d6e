import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { RULES } from '../../src/doctor/pod/node-words.ts'
import { meaningOf } from '../../src/kube/waiting-reasons.ts'
import { findGo } from '../../tools/build/go-program.ts'
import { readHost } from '../../tools/host.ts'

const run = promisify(execFile)
const TOOLS = join(import.meta.dirname, '../../tools')
const signal = AbortSignal.timeout(300_000)
const go = await findGo(readHost(), signal)

/**
 * Returns the folder of a module in the version that a tool pins. Downloads the module if the tool
 * was not built on this machine.
 */
async function sourceOf(tool: string, module: string): Promise<string> {
  const { stdout } = await run(go, ['mod', 'download', '-json', module], { cwd: join(TOOLS, tool), signal })
  return JSON.parse(stdout).Dir
}

async function goFiles(folder: string, deep = true): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: deep }).catch(() => [])
  return entries.filter((name) => name.endsWith('.go') && !name.endsWith('_test.go')).map((name) => join(folder, name))
}

async function textOf(files: readonly string[]): Promise<string> {
  return (await Promise.all(files.map((file) => readFile(file, 'utf8')))).join('\n')
}

const groups = (text: string, pattern: RegExp): readonly string[] =>
  [...text.matchAll(pattern)].map(([, one = '']) => one)

/** Returns every word that this kubelet can give as the reason of a waiting container. */
async function kubeletReasons(tool: string): Promise<readonly string[]> {
  const kubelet = join(await sourceOf(tool, 'k8s.io/kubernetes'), 'pkg/kubelet')
  const cri = join(await sourceOf(tool, 'k8s.io/cri-api'), 'pkg/errors')
  // The errors of a pull, a start and a sandbox; convertToAPIContainerStatuses takes their text as
  // the reason.
  const folders = [cri, join(kubelet, 'images'), join(kubelet, 'kuberuntime'), join(kubelet, 'container')]
  const errors = groups(
    await textOf((await Promise.all(folders.map((one) => goFiles(one)))).flat()),
    /errors\.New\("([A-Z]\w+)"\)/g,
  )
  // The reasons that the kubelet writes itself: a text, or a constant.
  const own = await textOf(await goFiles(kubelet, false))
  const given = groups(own, /ContainerStateWaiting\{\s*Reason:\s*([\w."]+)/g)
  const constants = given.map((word) => {
    const [value] = word.startsWith('"') ? [JSON.parse(word)] : groups(own, new RegExp(`\\b${word}\\s+= "(\\w+)"`, 'g'))
    return value ?? word
  })
  return [...new Set([...errors, ...constants.filter((word) => word !== 'reason.Err.Error')])]
}

for (const [tool, least] of [
  ['kubernetes-1.24', 17],
  ['kubernetes-1.30', 19],
  ['kubernetes', 23],
] as const) {
  test(`doctor knows every reason for which the kubelet of tools/${tool} lets a container wait`, async () => {
    const reasons = await kubeletReasons(tool)
    assert.ok(reasons.length >= least, `the sources are read: ${reasons.length} ${reasons.join(' ')}`)
    for (const reason of ['ImagePullBackOff', 'RegistryUnavailable', 'ContainerCreating', 'CrashLoopBackOff']) {
      assert.ok(reasons.includes(reason), reason)
    }
    assert.deepEqual(
      reasons.filter((reason) => meaningOf(reason) === undefined),
      [],
    )
  })
}

/** CRI-O 1.37.0. The list is written here, because its module is not on every module proxy. */
const CRI_O = {
  ErrRegistryUnavailable: 'server/image_pull.go:120',
  ErrSignatureValidationFailed: 'internal/storage/image.go:610',
  ErrImageVolumeMountFailed: 'server/container_create_linux.go:228',
}

test('doctor knows every reason that containerd and CRI-O give the kubelet', async () => {
  const containerd = await textOf(
    await goFiles(join(await sourceOf('containerd', 'github.com/containerd/containerd/v2'), 'internal/cri')),
  )
  const names = [...new Set([...groups(containerd, /\bcrierrors\.(Err\w+)/g), ...Object.keys(CRI_O)])]
  const cri = await textOf(await goFiles(join(await sourceOf('kubernetes', 'k8s.io/cri-api'), 'pkg/errors')))
  assert.ok(names.includes('ErrRROUnsupported'), names.join(' '))
  for (const name of names) {
    const [reason = ''] = groups(cri, new RegExp(`\\b${name} = errors\\.New\\("(\\w+)"\\)`, 'g'))
    assert.notEqual(meaningOf(reason), undefined, `${name}: ${reason}`)
  }
})

test("each rule about a node's message cites the source that creates the message", async () => {
  const { stdout } = await run(go, ['env', 'GOROOT'], { cwd: join(TOOLS, 'containerd'), signal })
  const folders: Readonly<Record<string, string>> = {
    go: join(stdout.trim(), 'src'),
    containerd: await sourceOf('containerd', 'github.com/containerd/containerd/v2'),
  }
  let compared = 0
  for (const source of RULES.flatMap(({ sources }) => sources)) {
    const [, owner = '', file = '', text = ''] = /^(\S+) (\S+\.go): ([\s\S]+)$/.exec(source) ?? []
    assert.ok(text !== '', source)
    const folder = folders[owner]
    if (folder === undefined) continue
    assert.ok(readFileSync(join(folder, file), 'utf8').includes(text), source)
    compared++
  }
  assert.ok(RULES.every(({ sources }) => sources.length > 0) && compared >= 30, String(compared))
})
