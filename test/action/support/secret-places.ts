import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import type { ActionFixture } from './action-fixture.ts'
import type { ActionOutcome } from './run-action.ts'

/** Returns everything that one stage of the action shows to a reader of the job. */
export function shownBy(stage: string, outcome: ActionOutcome): Readonly<Record<string, string>> {
  // The runner reads the text after ::add-mask:: and does not show it.
  const stdout = outcome.stdout.replaceAll(/^::add-mask::.*$/gm, '')
  const { stderr, summary, outputs, state, annotations } = outcome
  const all = { stdout, stderr, summary, outputs, state, annotations }
  return Object.fromEntries(
    Object.entries(all).map(([what, text]) => [
      `${what} of ${stage}`,
      typeof text === 'string' ? text : JSON.stringify(text),
    ]),
  )
}

/**
 * Returns a secret unchanged, in base64 and in a URL. Multi-line keys are represented by their
 * longest line.
 */
export function forms(secret: string): readonly string[] {
  return [secret, Buffer.from(secret).toString('base64').replace(/=+$/, ''), encodeURIComponent(secret)]
}

/** Returns every file of a folder, with its name. */
export async function readDisk(folder: string): Promise<string> {
  const files = await readdir(folder, { recursive: true, withFileTypes: true })
  const texts = files
    .filter((file) => file.isFile())
    .map(async (file) => `${file.name}\n${await readFile(join(file.parentPath, file.name), 'latin1')}`)
  return (await Promise.all(texts)).join('\n')
}

/**
 * Returns Events, ConfigMaps, helm's records of the releases, and everything that the helpers
 * wrote.
 */
export async function clusterTexts(fixture: ActionFixture): Promise<Readonly<Record<string, string>>> {
  const texts: Record<string, string> = {}
  for (const { cluster, node } of fixture.clusters) {
    const get = (path: string, query = {}): Promise<{ items: { data?: { release: string } }[] }> =>
      cluster.admin.request({ method: 'GET', path, query })
    const releases = await get('/api/v1/secrets', { labelSelector: 'owner=helm' })
    assert.ok(releases.items.length > 0)
    texts[`releases of ${cluster.name}`] = releases.items
      .map(({ data }) => decodeRelease(data?.release ?? ''))
      .join('\n')
    texts[`events of ${cluster.name}`] = JSON.stringify(await get('/api/v1/events'))
    texts[`config maps of ${cluster.name}`] = JSON.stringify(await get('/api/v1/configmaps'))
    const pods = node.pods().map(({ namespace, name }) => node.log(`${namespace}/${name}`))
    assert.ok(pods.length > 0)
    texts[`helper of ${cluster.name}`] = pods.join('\n')
  }
  return texts
}

function decodeRelease(data: string): string {
  return gunzipSync(Buffer.from(Buffer.from(data, 'base64').toString(), 'base64')).toString()
}

/** Polls every command line of this machine. */
export function watchProcesses(): { stop(): string } {
  const commandLines = new Set<string>()
  const timer = setInterval(() => {
    for (const line of execFileSync('ps', ['-eo', 'args='], { encoding: 'utf8' }).split('\n')) commandLines.add(line)
  }, 100)
  timer.unref()
  return {
    stop() {
      clearInterval(timer)
      return [...commandLines].join('\n')
    },
  }
}
