import { rivalsSuite } from './support/rivals-suite.ts'

rivalsSuite('helm3')
