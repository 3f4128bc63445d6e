import assert from 'node:assert/strict'
import { test } from 'node:test'
import { correctImageName } from '../../src/acr/image-name.ts'

const HOST = 'shop-registry.cn-hangzhou.cr.aliyuncs.com'
const DIGEST = `sha256:${'0'.repeat(64)}`

test('every name that a container runtime accepts is accepted', () => {
  for (const name of [
    'busybox',
    'busybox:1.36',
    'team/app',
    `${HOST}/shop/web:1`,
    `${HOST}/shop/web:V1.0_a-b`,
    `${HOST}/shop/web@${DIGEST}`,
    `${HOST}/shop/web:1@${DIGEST}`,
    `${HOST.toUpperCase()}/shop/web`,
    `${HOST}/a__b/c-d--e.f_g`,
    '127.0.0.1:5000/team/app',
    'localhost/app',
    'localhost:5000/app:1',
    '[2001:db8::1]:5000/app',
    `a/${'b'.repeat(253)}`,
    `a:${'b'.repeat(128)}`,
  ]) {
    assert.equal(correctImageName(name), undefined, name)
  }
})

for (const [name, hint] of [
  [`https://${HOST}/shop/web:1`, /^Leave https:\/\/ out/],
  ['docker://busybox', /^Leave docker:\/\/ out/],
  ['Shop/Web:1', /lower case/],
  [`${HOST}/shop/Web:1`, /lower case/],
  ['shop/web 1', /without blanks/],
  ['shop/web:1\nshop/api:1', /without blanks/],
  ['$IMAGE', /^Write the name itself/],
  ['shop/web:{{ sha }}', /^Write the name itself/],
  [`${HOST}/shop/web:`, /after the last `:`, or leave it out/],
  [`${HOST}/shop/web@`, /after the last `@`, or leave it out/],
  [`${HOST}/shop/web@sha256:abc`, /64 digits/],
  [`${HOST}/`, /^Write host/],
  [`${HOST}//web`, /^Write host/],
  ['/shop/web', /^Write host/],
  ['-shop/web', /^Write host/],
  ['shop/web:-1', /^Write host/],
  ['shop/a___b', /^Write host/],
  [`a:${'b'.repeat(129)}`, /^Write host/],
  [`a/${'b'.repeat(254)}`, /^Write host/],
  ['a'.repeat(1001), /^Write host/],
  ['镜像/web', /^Write host/],
] as const) {
  test(`a name that no container runtime accepts is refused: ${name.slice(0, 60)}`, () => {
    assert.match(correctImageName(name) ?? '', hint)
  })
}
