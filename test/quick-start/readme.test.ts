import { followReadme } from './support/readme.ts'

followReadme('the README works as described when it is followed word for word in a clone', (page) => page, 'npm ci')
