/** A rolling hash of 64 bits, in two lanes that are mixed differently: for telling runs apart, not for keeping secrets. */
export class RollingHash {
  private low = 0x243f6a88
  private high = 0x85a308d3

  /** Takes in 32 bits. */
  mix(value: number): void {
    this.low = Math.imul(this.low ^ value, 0x85ebca6b)
    this.low = (this.low << 13) | (this.low >>> 19)
    this.high = Math.imul(this.high ^ this.low ^ value, 0xc2b2ae35)
    this.high ^= this.high >>> 16
  }

  /** Takes in a time to the nanosecond: what differs by less is the same moment. */
  mixTime(ms: number): void {
    const nanoseconds = Math.round(ms * 1e6)
    this.mix(nanoseconds | 0)
    this.mix(Math.floor(nanoseconds / 2 ** 32))
  }

  /** Sixteen hexadecimal digits. */
  get digest(): string {
    return [this.high, this.low].map((lane) => (lane >>> 0).toString(16).padStart(8, '0')).join('')
  }
}
