/**
 * The renamings under which nothing changes: voters among themselves, spares among themselves. At most 120, each with a
 * number; 0 is the one that renames nobody.
 */
export class Permutations {
  readonly servers: number
  /** Where each server goes: `to[number * servers + place]`. */
  readonly to: Int32Array
  readonly count: number
  private readonly numbers = new Map<string, number>()

  constructor(voters: number, spares: number, isSymmetric: boolean) {
    this.servers = voters + spares
    const voterOrders = isSymmetric ? ordersOf(voters, 0) : [identity(voters, 0)]
    const spareOrders = isSymmetric ? ordersOf(spares, voters) : [identity(spares, voters)]
    const all = voterOrders.flatMap((head) => spareOrders.map((tail) => [...head, ...tail]))
    this.count = all.length
    this.to = Int32Array.from(all.flat())
    for (const [number, places] of all.entries()) this.numbers.set(places.join(), number)
  }

  /** Where `number` sends this place. */
  apply(number: number, place: number): number {
    return this.to[number * this.servers + place] as number
  }

  /** Its places as a list. */
  places(number: number): number[] {
    return Array.from(this.to.subarray(number * this.servers, (number + 1) * this.servers))
  }

  /** The number of the permutation that sends each place to this one; undefined when it is none of ours. */
  numberOf(places: readonly number[]): number | undefined {
    return this.numbers.get(places.join())
  }
}

/** In lexical order, so that the identity comes first. */
function ordersOf(count: number, first: number): number[][] {
  const places = identity(count, first)
  const extend = (head: readonly number[]): number[][] =>
    head.length === count
      ? [[...head]]
      : places.filter((place) => !head.includes(place)).flatMap((place) => extend([...head, place]))
  return extend([])
}

function identity(count: number, first: number): number[] {
  return Array.from({ length: count }, (_, i) => first + i)
}
