export { InvariantError } from 'quorate'
