import { toPublished } from '../../scripts/release/publish-lines.ts'
import { VERSION } from '../../src/version.ts'
import { followReadme } from './support/readme.ts'

followReadme(
  'the README as the first release makes it works as described when it is followed word for word',
  (page) => toPublished(page, VERSION),
  'npm install',
)
