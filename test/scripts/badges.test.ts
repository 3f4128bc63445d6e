import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { parse } from 'yaml'

const root = join(import.meta.dirname, '../..')
const REPOSITORY = 'github.com/acr-nopass/acr-nopass'

/** The badges of a page, as picture and link. */
function badgesOf(page: string): readonly (readonly [picture: string, link: string])[] {
  const text = readFileSync(join(root, page), 'utf8')
  return [...text.matchAll(/\[!\[[^\]]*\]\(([^)]+)\)\]\(([^)]+)\)/g)].map(([, picture = '', link = '']) => [
    picture,
    link,
  ])
}

test('each badge shows the result of a workflow that this repository has, in both languages alike', () => {
  const badges = badgesOf('README.md')
  assert.equal(badges.length, 2)
  assert.deepEqual(badgesOf('README.zh-CN.md'), badges)
  const workflows = badges.map(([picture, link]) => {
    const [, workflow] =
      /^https:\/\/github\.com\/acr-nopass\/acr-nopass\/actions\/workflows\/([\w-]+\.yml)\/badge\.svg\?branch=main$/.exec(
        picture,
      ) ?? []
    if (workflow !== undefined) {
      assert.equal(link, `https://${REPOSITORY}/actions/workflows/${workflow}`)
      return workflow
    }
    assert.equal(picture, `https://api.scorecard.dev/projects/${REPOSITORY}/badge`)
    assert.equal(link, `https://scorecard.dev/viewer/?uri=${REPOSITORY}`)
    const { jobs } = parse(readFileSync(join(root, '.github/workflows/scorecard.yml'), 'utf8'))
    const steps: readonly { with?: { publish_results?: boolean } }[] = jobs.analyze.steps
    assert.ok(
      steps.some((step) => step.with?.publish_results === true),
      'the badge shows published results',
    )
    return 'scorecard.yml'
  })
  for (const workflow of workflows) assert.ok(existsSync(join(root, '.github/workflows', workflow)), workflow)
})
