import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { parse } from 'yaml'
import { createImageTest } from '../../src/acr/admitted-images.ts'
import { ROOT } from '../cli/run-bin.ts'

const RENDERED = join(ROOT, 'test/contract/golden/chart/acr-images-1.37.0.diff')
const VALUES = join(ROOT, 'chart/ci/acr-images-values.yaml')

test('an image counts as one for which the admission policy adds the reference exactly if the pattern that the chart renders matches it', async () => {
  const [, rendered = ''] = /c\.image\.matches\(r'([^']+)'\)/.exec(await readFile(RENDERED, 'utf8')) ?? []
  const { registries } = parse(await readFile(VALUES, 'utf8')) as {
    readonly registries: readonly { readonly domains: readonly string[] }[]
  }
  const isAdmitted = createImageTest(registries.flatMap(({ domains }) => domains))
  const images = {
    'prod-registry-vpc.cn-hangzhou.cr.aliyuncs.com/a/b:1': true,
    'registry.cn-hangzhou.aliyuncs.com/a/b': true,
    'images.example.com/a/b': true,
    'images.example.com:5000/a/b': true,
    'imagesXexample.com/a/b': false,
    'other.example.com/a/b': false,
    'registry.example.com:5000/a': true,
    'registry.example.com/a': false,
    'shared.example.com/team/a': true,
    'shared.example.com/teams/a': false,
    'x.images.example.com/a/b': false,
    nginx: false,
  }
  for (const [image, wanted] of Object.entries(images)) {
    assert.equal(new RegExp(rendered).test(image), wanted, image)
    assert.equal(isAdmitted(image), wanted, image)
  }
})
