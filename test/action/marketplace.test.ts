import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, before, test } from 'node:test'
import { parse } from 'yaml'
import { testTools } from '../tools.ts'

interface Metadata {
  readonly name: string
  readonly description: string
  readonly author: string
  readonly branding: { readonly icon: string; readonly color: string }
}

const root = resolve(import.meta.dirname, '..', '..')
/** The colours and excluded icons of GitHub's page "Metadata syntax for GitHub Actions". */
const COLOURS = ['white', 'black', 'yellow', 'blue', 'green', 'orange', 'red', 'purple', 'gray-dark']
const LEFT_OUT = [
  ...[
    'coffee',
    'columns',
    'divide-circle',
    'divide-square',
    'divide',
    'frown',
    'hexagon',
    'key',
    'meh',
    'mouse-pointer',
  ],
  ...['smile', 'tool', 'x-octagon'],
]

let folder: string
let text: string
let metadata: Metadata
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'acr-nopass-marketplace-'))
  text = await readFile(join(root, 'action.yml'), 'utf8')
  metadata = parse(text) as Metadata
})
after(() => rm(folder, { recursive: true, force: true }))

test("the action's description is short enough for the Marketplace, which rejects 125 characters", () => {
  assert.ok(metadata.description.length < 125, `${metadata.description.length} characters`)
  assert.ok(metadata.description.length > 40)
})

test('the name is neither the name of an account nor the name that all repositories of its owner share', () => {
  // The address of a listing is its name in lower case with hyphens. GitHub rejects the address of
  // a user or an organisation.
  const address = metadata.name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')
  assert.equal(address, 'acr-nopass-rollout')
  assert.notEqual(address, metadata.author)
})

test("icon and colour are on GitHub's lists", () => {
  assert.ok(COLOURS.includes(metadata.branding.color))
  assert.ok(!LEFT_OUT.includes(metadata.branding.icon))
})

test('actionlint, which knows the icons, accepts action.yml and rejects another icon', async () => {
  const { actionlint } = await testTools('actionlint')
  const lint = async (name: string, action: string): Promise<string> => {
    const repository = join(folder, name)
    await mkdir(join(repository, '.github/workflows'), { recursive: true })
    await writeFile(join(repository, 'action.yml'), action)
    await cp(join(root, 'action/dist'), join(repository, 'action/dist'), { recursive: true })
    await writeFile(join(repository, '.github/workflows/use.yml'), WORKFLOW)
    spawnSync('git', ['init', '--quiet'], { cwd: repository })
    const args = ['-no-color', '-shellcheck=', '-pyflakes=']
    return spawnSync(actionlint, args, { cwd: repository, encoding: 'utf8' }).stdout
  }
  assert.equal(await lint('ours', text), '')
  assert.match(await lint('icon', text.replace('icon: unlock', 'icon: un-lock')), /icon "un-lock"|incorrect icon name/)
  assert.match(await lint('colour', text.replace('color: orange', 'color: pink')), /incorrect color/)
})

const WORKFLOW = `on: push
jobs:
  use:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v5
      - uses: ./
`
