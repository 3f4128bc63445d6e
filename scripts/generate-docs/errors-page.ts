import { type ERROR_AREAS, ERROR_CODES } from '../../src/error-codes.ts'
