import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { HTTPParser } from 'http-parser-js'
import { readPlainAnswer } from '../../src/kube/plain-answer.ts'
import { fuzz } from '../support/fuzz.ts'

const answer = (head: string, body = ''): Buffer => Buffer.from(`${head}\r\n\r\n${body}`)

test('an answer in one piece is read with its status, headers and body', () => {
  const plain = readPlainAnswer(answer('HTTP/1.1 409 Conflict\r\nRetry-After:  5 \r\nContent-Length: 3', 'abc'))
  assert.equal(plain?.status, 409)
  assert.equal(plain.header('retry-after'), '5')
  assert.equal(plain.header('after'), undefined)
  assert.equal(plain.body.toString(), 'abc')
})

test('whatever is not exactly one answer with its length is left to the parser', () => {
  const left = {
    'no length': answer('HTTP/1.1 200 OK\r\nDate: now', 'abc'),
    'more than its length': answer('HTTP/1.1 200 OK\r\nContent-Length: 2', 'abc'),
    'less than its length': answer('HTTP/1.1 200 OK\r\nContent-Length: 4', 'abc'),
    'no end of the head': Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n'),
    chunks: answer('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 3', 'abc'),
    'a connection that ends': answer('HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 3', 'abc'),
    'two lengths': answer('HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 3', 'abc'),
    'a folded line': answer('HTTP/1.1 200 OK\r\nA: b\r\n c\r\nContent-Length: 3', 'abc'),
    'a lone line feed': answer('HTTP/1.1 200 OK\r\nA: b\nC: d\r\nContent-Length: 3', 'abc'),
    'an older version': answer('HTTP/1.0 200 OK\r\nContent-Length: 3', 'abc'),
    'an interim answer': answer('HTTP/1.1 100 Continue\r\nContent-Length: 0'),
    'a status without a body': answer('HTTP/1.1 204 No Content\r\nContent-Length: 0'),
    'a head without end': answer(`HTTP/1.1 200 OK\r\nA: ${'b'.repeat(5000)}\r\nContent-Length: 3`, 'abc'),
  }
  for (const [name, chunk] of Object.entries(left)) assert.equal(readPlainAnswer(chunk), undefined, name)
})

test('what is read without the parser is what the parser reads', async (t) => {
  const line = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom('Content-Length: 3', 'Date: Wed', 'A:b') },
    fc.constantFrom('content-length: 03', 'Content-Length: 3, 3', 'Content-Length : 3', ''),
    fc.constantFrom('Connection: keep-alive', 'Transfer-Encoding: chunked', ' folded', 'Retry-After: 7', 'x'),
    fc.string({ maxLength: 12 }).map((text) => `X-A: ${text}`),
  )
  const status = fc.constantFrom(
    '200 OK',
    '429 Too Many Requests',
    '500 ',
    '101 Switching',
    '304 Not Modified',
    '200',
    '99 x',
  )
  const body = fc.oneof({ weight: 3, arbitrary: fc.constant('abc') }, fc.constantFrom('', 'ab', 'abcd'))
  const given = fc.tuple(status, fc.array(line, { maxLength: 5 }), body)
  let taken = 0
  await fuzz(
    t,
    'plain-answers',
    fc.property(given, ([first, lines, text]) => {
      const chunk = answer([`HTTP/1.1 ${first}`, ...lines].join('\r\n'), text)
      const plain = readPlainAnswer(chunk)
      if (plain === undefined) return
      taken += 1
      assert.deepEqual(
        { status: plain.status, body: plain.body.toString(), retry: plain.header('retry-after'), keep: true },
        parse(chunk),
      )
    }),
    5000,
  )
  assert.ok(taken > 20, `${taken} taken`)
})

function parse(chunk: Buffer): unknown {
  const parser = new HTTPParser(HTTPParser.RESPONSE)
  const seen = { status: 0, body: '', retry: undefined as string | undefined, keep: false }
  let isComplete = false
  parser[HTTPParser.kOnHeadersComplete] = ({ statusCode, headers, shouldKeepAlive }) => {
    const at = headers.findIndex((name, index) => index % 2 === 0 && name.toLowerCase() === 'retry-after')
    Object.assign(seen, { status: statusCode, keep: shouldKeepAlive, retry: at < 0 ? undefined : headers[at + 1] })
  }
  parser[HTTPParser.kOnBody] = (piece, offset, length) => {
    seen.body += piece.toString('utf8', offset, offset + length)
  }
  parser[HTTPParser.kOnMessageComplete] = () => {
    isComplete = true
  }
  const result = parser.execute(chunk)
  return typeof result === 'number' && isComplete ? seen : result
}
