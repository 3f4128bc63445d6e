import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chooseRegistries } from '../../src/login/choose-registries.ts'
import type { ResolvedValues } from '../../src/values/generated/resolved-values.ts'
import { loadValues } from '../../src/values/load-values.ts'

const INPUTS = {
  registry: '',
  region: '',
  registries: [] as readonly string[],
  repositories: [] as readonly string[],
  push: false,
  'create-repositories': false,
  network: 'all',
  'expires-in-hours': 0,
} as const
type Given = Partial<Parameters<typeof chooseRegistries>[0]>
const choose = (given: Given, values?: ResolvedValues) => chooseRegistries({ ...INPUTS, ...given }, values)

function valuesOf(text: string): ResolvedValues {
  const { values, errors } = loadValues({ files: [{ name: 'values.yaml', text }] })
  assert.ok(values, JSON.stringify(errors))
  return values
}
const RRSA =
  '{ type: rrsa, rrsa: { roleArn: acs:ram::1234567890123456:role/r, oidcProviderArn: acs:ram::1234567890123456:oidc-provider/p } }'
const VALUES = valuesOf(`
registries:
  - { name: shop, edition: enterprise, instanceId: cri-1, region: cn-hangzhou, repositories: ["shop/*"], limit: repositories, probe: shop/web, network: vpc, expiresInHours: 2 }
  - { name: base, edition: enterprise, instanceId: cri-1, region: cn-hangzhou, repositories: ["base/os", "shop/web"], limit: repositories, network: vpc, expiresInHours: 2 }
  - { name: other, edition: enterprise, instanceName: other, region: cn-beijing, domains: [images.example.com] }
  - { name: old, edition: personal, region: cn-shanghai, repositories: ["acme/*"] }
  - { name: fixed, edition: static, domains: [registry.example.com], existingSecret: fixed }
identity: ${RRSA}
`)

test('without names all entries are chosen; entries of one instance share one login with the union of their lists', () => {
  const { registries, notes } = choose({}, VALUES)
  assert.deepEqual(
    registries.map(({ config, repositories, probe, access }) => [config.name, repositories, probe, access]),
    [
      ['shop, base', ['base/os', 'shop/*'], 'shop/web', 'pull'],
      ['other', ['*'], undefined, 'pull'],
      ['old', ['acme/*'], undefined, 'pull'],
    ],
  )
  assert.deepEqual(notes, ['fixed is skipped: `edition: static` has only its fixed password'])
  const [shop] = registries
  assert.deepEqual(
    [shop?.config.instanceId, shop?.config.network, shop?.config.expiresInHours, shop?.lookUp],
    ['cri-1', 'vpc', 2, undefined],
  )
})

test('entries of one instance that differ in domains and network share a login for all of them', () => {
  const entry = (name: string, more: string) =>
    `  - { name: ${name}, edition: enterprise, instanceId: cri-1, region: cn-hangzhou, targets: { namespaces: { include: [${name}] } }, ${more} }\n`
  const list = [
    entry('one', 'network: vpc, domains: [one.example.com], repositories: [a/b]'),
    entry('two', 'network: vpc, domains: [two.example.com], repositories: [a/c]'),
    entry('three', 'network: public, repositories: [d/e]'),
  ]
  const values = (count: number) => {
    return valuesOf(`registries:\n${list.slice(0, count).join('')}identity: { type: worker-role }\n`)
  }
  const united = (count: number) =>
    choose({}, values(count)).registries.map(({ config, repositories, probe }) => {
      return [config.name, config.network, config.domains, repositories, probe]
    })
  const domains = ['one.example.com', 'two.example.com']
  assert.deepEqual(united(2), [['one, two', 'vpc', domains, ['a/b', 'a/c'], undefined]])
  assert.deepEqual(united(3), [['one, two, three', 'all', domains, ['a/b', 'a/c', 'd/e'], undefined]])
})

test('the existing repository of any of the entries is checked in place of globs', () => {
  const entry = (name: string, more: string) =>
    `  - { name: ${name}, edition: enterprise, instanceId: cri-1, region: cn-hangzhou, limit: repositories, ${more} }\n`
  const entries = entry('one', 'repositories: [a/*]') + entry('two', 'repositories: [b/*], probe: b/app')
  const values = valuesOf(`registries:\n${entries}identity: ${RRSA}\n`)
  assert.deepEqual(
    choose({}, values).registries.map(({ probe, repositories }) => [probe, repositories]),
    [['b/app', ['a/*', 'b/*']]],
  )
})

test('names choose entries; a name that the values lack, or a fixed password, is refused', () => {
  const { registries, notes } = choose({ registries: ['base'], network: 'public', 'expires-in-hours': 4 }, VALUES)
  assert.deepEqual(
    registries.map(({ config, repositories }) => [config.name, config.network, config.expiresInHours, repositories]),
    [['base', 'public', 4, ['base/os', 'shop/web']]],
  )
  assert.deepEqual(notes, [])
  assert.throws(() => choose({ registries: ['base', 'nowhere'] }, VALUES), {
    code: 'INPUT_INVALID',
    hint: /shop, base, other, old, fixed/,
  })
  assert.throws(() => choose({ registries: ['base', 'fixed'] }, VALUES), {
    code: 'LOGIN_FIXED_PASSWORD',
    message: /the entry fixed with `edition: static` has only its fixed password/,
  })
  const onlyFixed = { ...VALUES, registries: VALUES.registries.filter(({ name }) => name === 'fixed') }
  assert.throws(() => choose({}, onlyFixed), { code: 'LOGIN_FIXED_PASSWORD' })
})

test('a list of repositories replaces the list of one registry, and is refused for several', () => {
  const { registries } = choose({ registries: ['shop', 'base'], repositories: ['shop/new'], push: true }, VALUES)
  assert.deepEqual(
    registries.map(({ repositories, probe, access }) => [repositories, probe, access]),
    [[['shop/new'], undefined, 'push']],
  )
  assert.throws(() => choose({ registries: ['shop', 'old'], repositories: ['shop/new'] }, VALUES), {
    code: 'INPUT_CONFLICT',
    message: /for 2 registries/,
  })
})

test('a push needs a list: every repository is allowed only if it is written', () => {
  assert.throws(() => choose({ registries: ['other'], push: true }, VALUES), { code: 'INPUT_MISSING' })
  assert.throws(() => choose({ registry: 'cri-1', region: 'cn-hangzhou', push: true }), { code: 'INPUT_MISSING' })
  const all = choose({ registries: ['other'], push: true, repositories: ['*'] }, VALUES)
  assert.deepEqual(all.registries[0]?.repositories, ['*'])
  const everything = {
    ...VALUES,
    registries: VALUES.registries.map((entry) => ({ ...entry, repositories: ['base/os', '**/*'] })),
  }
  assert.throws(() => choose({ registries: ['other'], push: true }, everything), { code: 'INPUT_MISSING' })
  const own = choose({ registries: ['shop'], push: true }, VALUES)
  assert.deepEqual(own.registries[0]?.repositories, ['shop/*'])
  const create = choose({ registries: ['shop'], push: true, 'create-repositories': true }, VALUES)
  assert.equal(create.registries[0]?.access, 'create')
  assert.throws(() => choose({ registries: ['shop'], 'create-repositories': true }, VALUES), { code: 'INPUT_CONFLICT' })
})

test('one registry without values: its id, or a domain by which it is looked up', () => {
  const [byId] = choose({ registry: 'CRI-1', region: 'cn-hangzhou', 'expires-in-hours': 3 }).registries
  assert.deepEqual(byId, {
    config: {
      name: 'cri-1',
      edition: 'enterprise',
      instanceId: 'cri-1',
      region: 'cn-hangzhou',
      network: 'all',
      apiNetwork: 'auto',
      domains: [],
      limit: 'role',
      assumeRole: [],
      expiresInHours: 3,
    },
    repositories: ['*'],
    access: 'pull',
  })
  const domain = 'demo-registry.cn-hangzhou.cr.aliyuncs.com'
  const [byDomain] = choose({ registry: domain, repositories: ['team/app'] }).registries
  assert.deepEqual([byDomain?.lookUp, byDomain?.named], [{ domain, instanceName: 'demo' }, domain])
  assert.deepEqual([byDomain?.config.instanceId, byDomain?.config.region], [undefined, 'cn-hangzhou'])
})

test('the domain of a Personal Edition needs no lookup, and is asked first', () => {
  const domain = 'registry.cn-shanghai.aliyuncs.com'
  const [chosen] = choose({ registry: domain.toUpperCase(), network: 'public' }).registries
  assert.deepEqual(
    [chosen?.named, chosen?.lookUp, chosen?.config.edition, chosen?.config.network, chosen?.config.expiresInHours],
    [domain, undefined, 'personal', 'public', null],
  )
})

test('inputs that contradict each other, or have no effect, are refused', () => {
  const registry = { registry: 'cri-1', region: 'cn-hangzhou' }
  assert.throws(() => choose({}), { code: 'INPUT_MISSING', message: /no registry is given/ })
  assert.throws(() => choose(registry, VALUES), { code: 'INPUT_CONFLICT', message: /registry and values/ })
  assert.throws(() => choose({ ...registry, registries: ['a'] }), { code: 'INPUT_CONFLICT', message: /and registries/ })
  assert.throws(() => choose({ region: 'cn-hangzhou' }, VALUES), {
    code: 'INPUT_CONFLICT',
    message: /region has no effect/,
  })
  assert.throws(() => choose({ registries: ['old'], 'expires-in-hours': 2 }, VALUES), {
    code: 'INPUT_CONFLICT',
    message: /expires-in-hours has no effect for old/,
  })
  assert.throws(() => choose({ registry: 'registry.cn-shanghai.aliyuncs.com', 'expires-in-hours': 2 }), {
    code: 'INPUT_CONFLICT',
  })
  for (const wrong of ['shop', 'shop/web:1', `${'a'.repeat(190)}/b`, 'cr.example.com/shop/web', 'Shop/web']) {
    assert.throws(() => choose({ ...registry, repositories: ['shop/web', wrong] }), { code: 'INPUT_INVALID' }, wrong)
  }
})
