import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type CoveringEntry, isCertainlyUncovered } from '../../src/acr/coverage.ts'

const enterprise: CoveringEntry = { edition: 'enterprise', region: 'cn-hangzhou', domains: [] }
const personal: CoveringEntry = { edition: 'personal', region: 'cn-beijing', domains: [] }
const fixed: CoveringEntry = { edition: 'static', domains: ['shared.example:5000/shop', 'docker.io'] }

const ROWS: readonly (readonly [CoveringEntry, image: string, isUncovered: boolean])[] = [
  [enterprise, 'shop-registry.cn-hangzhou.cr.aliyuncs.com/shop/web', false],
  [enterprise, 'shop-registry.cn-beijing.cr.aliyuncs.com/shop/web', true],
  [enterprise, 'registry.cn-hangzhou.aliyuncs.com/shop/web', true],
  [enterprise, 'crpi-1.cn-hangzhou.personal.cr.aliyuncs.com/shop/web', true],
  [enterprise, 'busybox', true],
  [enterprise, 'docker.io/library/busybox', true],
  // An instance may have a custom domain that only its own list names. It is a host name.
  [enterprise, 'images.example.com/shop/web', false],
  [enterprise, 'cr.mydocker.io/shop/web', false],
  [enterprise, 'images.example.com:5000/shop/web', true],
  [enterprise, '127.0.0.1/shop/web', true],
  [{ ...enterprise, domains: ['images.example.com:5000'] }, 'images.example.com:5000/shop/web', false],
  [personal, 'registry-vpc.cn-beijing.aliyuncs.com/shop/web', false],
  [personal, 'registry.cn-hangzhou.aliyuncs.com/shop/web', true],
  [personal, 'images.example.com/shop/web', true],
  [fixed, 'shared.example:5000/shop/web', false],
  [fixed, 'shared.example:5000/team/web', true],
  [fixed, 'busybox', false],
  [{ ...fixed, domains: ['index.docker.io'] }, 'team/app', false],
  [fixed, 'index.docker.io/team/app', false],
  [fixed, 'images.example.com/shop/web', true],
]

for (const [entry, image, isUncovered] of ROWS) {
  const verdict = isUncovered ? 'certainly does not cover' : 'may cover'
  test(`an entry of edition ${entry.edition} ${verdict} ${image}`, () => {
    assert.equal(isCertainlyUncovered([entry], image), isUncovered)
  })
}

test('an image is covered if one of the entries may cover it', () => {
  assert.equal(isCertainlyUncovered([personal, enterprise], 'images.example.com/shop/web'), false)
  assert.equal(isCertainlyUncovered([personal, fixed], 'images.example.com/shop/web'), true)
})
