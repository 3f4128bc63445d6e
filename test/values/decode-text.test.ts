import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeText, undecodedByte } from '../../src/values/yaml/decode-text.ts'
import { readYaml } from '../../src/values/yaml/read-yaml.ts'

/** The error for a file with these bytes. */
function refusals(bytes: Buffer): readonly string[] {
  const { errors } = readYaml({ name: 'a.yaml', text: decodeText(bytes) }, 'user')
  return errors.map(({ message, place }) => `${place.line}:${place.column} ${message}`)
}

test('text in UTF-8 is unchanged, even if it contains the replacement character', () => {
  for (const text of ['', 'a: ä', 'a: \ufffd', 'a: 😀']) assert.equal(decodeText(Buffer.from(text)), text)
})

test('P11 a byte that is not UTF-8 is rejected with its location, because Helm rejects it too', () => {
  const latin = Buffer.from('# ok\na: J\u00fcrgen \ufffd\n', 'latin1')
  assert.deepEqual(refusals(latin), ['2:5 the byte 0xFC is not valid UTF-8'])
  for (const [hex, expected] of [
    ['613a20efbfbd20ff', '1:6 the byte 0xFF'],
    ['613a20efbf', '1:4 the byte 0xEF'],
    ['613a20efff', '1:4 the byte 0xEF'],
    ['613a20f09f98', '1:4 the byte 0xF0'],
    ['ff', '1:1 the byte 0xFF'],
  ] as const) {
    assert.deepEqual(refusals(Buffer.from(hex, 'hex')), [`${expected} is not valid UTF-8`])
  }
})

test('a byte that could not be decoded is distinguished from every other character', () => {
  assert.equal(undecodedByte('\udcff'), 0xff)
  for (const other of ['a', '\udc7f', '\udd00', '😀', '']) assert.equal(undecodedByte(other), undefined)
})
