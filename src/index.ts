export { InvariantError } from './util/assert.ts'
