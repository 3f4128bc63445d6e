import assert from 'node:assert/strict'
import { test } from 'node:test'
import { closeUnreleased, readSection, releasedVersions } from '../../scripts/release/changelog.ts'

const TEXT = `# Changelog

Words.

## [Unreleased]

### Fixed
- One.

## [1.0.0] - 2030-01-02
### Added
- Two.

## [0.9.0] - 2029-01-02
`

test('the notes of a version are its section without the heading', () => {
  assert.equal(readSection(TEXT, '1.0.0'), '### Added\n- Two.')
  assert.equal(readSection(TEXT, '0.9.0'), '')
  assert.equal(readSection(TEXT, '0.8.0'), undefined)
  assert.deepEqual(releasedVersions(TEXT), ['1.0.0', '0.9.0'])
})

test('a release moves the unreleased entries to its section, and changes nothing else', () => {
  const closed = closeUnreleased(TEXT, '1.1.0', '2030-05-06')
  assert.equal(readSection(closed, 'Unreleased'), '')
  assert.equal(readSection(closed, '1.1.0'), '### Fixed\n- One.')
  assert.equal(closed.replace('\n\n## [1.1.0] - 2030-05-06', ''), TEXT)
  assert.deepEqual(releasedVersions(closed), ['1.1.0', '1.0.0', '0.9.0'])
})

test('without unreleased entries, or with a version that already exists, nothing is released', () => {
  const closed = closeUnreleased(TEXT, '1.1.0', '2030-05-06')
  assert.throws(() => closeUnreleased(closed, '1.2.0', '2030-05-07'), /has no entry under \[Unreleased\]/)
  assert.throws(() => closeUnreleased(TEXT, '1.0.0', '2030-05-07'), /already has a section \[1\.0\.0\]/)
  assert.throws(() => closeUnreleased('# Changelog\n', '1.0.0', '2030-05-07'), /has no entry/)
})
