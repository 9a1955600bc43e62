// What the proxy has to know of the wire (docs/formats/wire.md): where frames begin, and who says hello to whom.

const HEADER_BYTES = 16
const HELLO = 1
/** Behind the header: QUOR, two versions and a purpose. */
const NAMES_AT = HEADER_BYTES + 7
const MAX_HELLO_BYTES = HEADER_BYTES + 4096

/** Follows one direction of a connection, piece by piece. */
export class FrameCursor {
  constructor() {
    /** How many bytes went by. */
    this.position = 0
    this.frameStart = 0
    this.size = []
  }

  /** Takes the next piece. @returns where in the stream frames begin that begin in it */
  startsIn(piece) {
    const end = this.position + piece.length
    const starts = []
    while (this.position < end) {
      if (this.position === this.frameStart && this.size.length === 0) starts.push(this.frameStart)
      // The size is the first four bytes, which may come one by one.
      while (this.size.length < 4 && this.position < end) {
        this.size.push(piece[piece.length - (end - this.position)])
        this.position++
      }
      if (this.size.length < 4) break
      const frameEnd = this.frameStart + HEADER_BYTES + Buffer.from(this.size).readUInt32LE()
      this.position = Math.min(frameEnd, end)
      if (this.position < frameEnd) break
      this.frameStart = frameEnd
      this.size = []
    }
    return starts
  }
}

/**
 * Reads the first frame of whoever dialled.
 *
 * @returns `{ from, to }`; null when more bytes are needed; undefined when it is no hello
 */
export function readHello(bytes) {
  if (bytes.length >= 5 && (bytes[4] !== HELLO || bytes.readUInt32LE() > MAX_HELLO_BYTES)) return undefined
  if (bytes.length < HEADER_BYTES || bytes.length < HEADER_BYTES + bytes.readUInt32LE()) return null
  const names = []
  let at = NAMES_AT
  for (let i = 0; i < 3; i++) {
    if (at + 4 > bytes.length) return undefined
    const length = bytes.readUInt32LE(at)
    names.push(bytes.toString('utf8', at + 4, at + 4 + length))
    at += 4 + length
  }
  return { from: names[1], to: names[2] }
}
