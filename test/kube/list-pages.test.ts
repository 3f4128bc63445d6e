import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { createKubeClient, type KubeClient } from '../../src/kube/client.ts'
import { listPages } from '../../src/kube/list-pages.ts'
import type { KubeObject } from '../../src/kube/types.ts'

/**
 * Lists objects of these sizes in pages. Returns their names in order, and the `limit` of each
 * request.
 */
async function listSizes(sizes: readonly number[], pageSize: number): Promise<{ names: string[]; limits: number[] }> {
  const limits: number[] = []
  const server = createServer((request, response) => {
    const query = new URL(request.url ?? '', 'http://x').searchParams
    const from = Number(query.get('continue') ?? 0)
    const limit = Number(query.get('limit'))
    limits.push(limit)
    const items = sizes.slice(from, from + limit).map((size, index) => ({
      metadata: { name: `n${from + index}` },
      text: 'x'.repeat(size),
    }))
    const more = from + limit < sizes.length ? { continue: String(from + limit) } : {}
    response.end(JSON.stringify({ metadata: { resourceVersion: '9', ...more }, items }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const client = createKubeClient({ server: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })
  const names: string[] = []
  try {
    for await (const page of listPages<KubeObject>(client, { path: '/api/v1/serviceaccounts', pageSize })) {
      for (const { metadata } of page.items ?? []) names.push(metadata.name)
    }
    return { names, limits }
  } finally {
    client.close()
    server.closeAllConnections()
    server.close()
  }
}

const all = (count: number): string[] => Array.from({ length: count }, (_, index) => `n${index}`)

test('a page that is too large is halved until it fits, and grows again after the large objects', async () => {
  const large = Array<number>(20).fill(1_300_000)
  const { names, limits } = await listSizes([...large, ...Array<number>(80).fill(10)], 40)
  assert.deepEqual(names, all(100))
  assert.deepEqual(limits, [40, 20, 10, 5, 10, 5, 10, 5, 10, 20, 40, 40])
})

test('a list of small objects is read in full pages', async () => {
  assert.deepEqual(await listSizes(Array<number>(5).fill(10), 2), { names: all(5), limits: [2, 2, 2] })
})

test('a single object that is too large is an error, not a loop', async () => {
  await assert.rejects(listSizes([9_000_000], 4), { code: 'KUBE_BAD_ANSWER', reason: 'BodyTooLarge' })
})

for (const text of ['{}', '{"metadata":{}}', '{"metadata":{},"items":{}}', '{"items":[]}', '[]', 'null', '"x"']) {
  test(`JSON that is no list is refused, because as an empty list it would show that nothing exists: ${text}`, async () => {
    const request = async (): Promise<unknown> => JSON.parse(text)
    const pages = listPages({ request } as unknown as KubeClient, { path: '/api/v1/pods', pageSize: 10 })
    await assert.rejects(pages.next(), {
      code: 'KUBE_BAD_ANSWER',
      message: 'GET /api/v1/pods returned something that is not a list',
    })
  })
}
