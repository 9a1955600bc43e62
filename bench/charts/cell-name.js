import { size as sizeText } from '../harness/table.js'

/** A cell of the cross, where there is little room. */
export function cellName({ proposers, size }) {
  return `${proposers.toLocaleString('en')} × ${sizeText(size)}`
}
