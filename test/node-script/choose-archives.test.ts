import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ArchiveChoice, chooseArchives } from '../../src/node/script/choose-archives.ts'

const [ONE, TWO] = ['a'.repeat(64), 'b'.repeat(64)] as const
const released = { amd64: ONE, arm64: TWO }
const choose = (choice: Partial<ArchiveChoice>) =>
  chooseArchives({ url: undefined, sha256: undefined, released: undefined, version: '1.2.3', ...choice })

test("a release's package knows the address and the checksums of its archives", () => {
  const url = (arch: string) =>
    `https://github.com/acr-nopass/acr-nopass/releases/download/v1.2.3/acr-nopass-node-1.2.3-linux-${arch}.tgz`
  assert.deepEqual(choose({ released }), {
    amd64: { url: url('amd64'), sha256: ONE },
    arm64: { url: url('arm64'), sha256: TWO },
  })
})

test('a mirror of the release needs only its address', () => {
  assert.deepEqual(choose({ released, url: 'http://mirror.example/{arch}/node.tgz' }), {
    amd64: { url: 'http://mirror.example/amd64/node.tgz', sha256: ONE },
    arm64: { url: 'http://mirror.example/arm64/node.tgz', sha256: TWO },
  })
})

test('an archive of a user needs its checksum, for one or for two architectures', () => {
  const url = '/srv/node.tgz'
  assert.deepEqual(choose({ url, sha256: [ONE.toUpperCase()] }), {
    amd64: { url, sha256: ONE },
    arm64: { url, sha256: ONE },
  })
  assert.deepEqual(choose({ url, sha256: [`arm64=${TWO}`] }), { arm64: { url, sha256: TWO } })
})

// Presigned URLs of OSS (V1, V4, with STS), S3 and Azure; names in any case or escaped.
for (const query of [
  'Expires=1&OSSAccessKeyId=LTAI5tABCDEFGHIJKLMN&Signature=abc%2Bdef',
  'x-oss-signature-version=OSS4-HMAC-SHA256&x-oss-signature=abc',
  'security-token=abc',
  'x-oss-security-token=abc',
  'X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=abc',
  'X-Amz-Security-Token=abc',
  'sv=2024-11-04&sig=abc',
  'signature=abc',
  '%53ignature=abc',
  'version=2&SIG=abc',
]) {
  test(`an address with a signature is refused and not shown, because whoever reads the script could use it: ${query}`, () => {
    const url = `https://b.oss-cn-hangzhou.aliyuncs.com/{arch}/n.tgz?${query}`
    assert.throws(
      () => choose({ released, url }),
      (error: Error & { code: string; hint: string }) => {
        assert.deepEqual(
          [error.code, error.message],
          ['INPUT_INVALID', '--url contains a signature, which is a secret'],
        )
        assert.match(error.hint, /without a login/)
        return true
      },
    )
  })
}

test('an address with another query is allowed', () => {
  const url = 'https://mirror.example/node.tgz?version=2&design=a&x-oss-signature-version=OSS4&versionId=signature'
  assert.equal(choose({ released, url }).amd64?.url, url)
})

const refused: readonly (readonly [situation: string, choice: Partial<ArchiveChoice>, code: string])[] = [
  ['no release and no checksum', { url: '/a' }, 'INPUT_MISSING'],
  ['a checksum of another kind', { url: '/a', sha256: ['abc'] }, 'INPUT_INVALID'],
  ['an unknown architecture', { url: '/a', sha256: [`riscv64=${ONE}`] }, 'INPUT_INVALID'],
  ['one checksum for two archives', { url: '/{arch}', sha256: [ONE] }, 'INPUT_INVALID'],
  ["one checksum for the release's archives", { sha256: [ONE] }, 'INPUT_INVALID'],
  ['two checksums without architecture', { url: '/a', sha256: [ONE, TWO] }, 'INPUT_INVALID'],
  ['a relative path', { url: 'a.tgz', released }, 'INPUT_INVALID'],
  ['another protocol', { url: 'ftp://a/b', released }, 'INPUT_INVALID'],
  ['a login in the address', { url: 'https://me:secret@host/a', released }, 'INPUT_INVALID'],
  ['a quote that ends the word in the script', { url: "/a'b", released }, 'INPUT_INVALID'],
]
for (const [situation, choice, code] of refused) {
  test(`the script is not printed: ${situation}`, () => assert.throws(() => choose(choice), { code }))
}
