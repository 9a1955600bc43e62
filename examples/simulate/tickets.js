// A state machine of one's own in the simulator: a window that hands out tickets, numbered from 1. Its author has
// overlooked something; whole servers under crashes, partitions and full disks find it in a moment.
//
//   npx quorate sim --seed 1 --seeds 20 --workload examples/simulate/tickets.js        the bug is found
//   FIXED=1 npx quorate sim --seed 1 --seeds 20 --workload examples/simulate/tickets.js  nothing is

const isFixed = process.env.FIXED === '1'
const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** Each command is somebody's name; the answer is the number on the ticket. */
class Tickets {
  holders = new Map()
  lastNumber = 0

  apply(entries) {
    return entries.map(({ command }) => {
      const number = ++this.lastNumber
      this.holders.set(number, decoder.decode(command))
      // A ticket is only good for a while: old ones are thrown away.
      this.holders.delete(number - 10)
      return encoder.encode(String(number))
    })
  }

  /** As of now, although it is read later: what is not a generator runs at once. */
  snapshot() {
    const { holders, lastNumber } = this
    return pieces(JSON.stringify({ holders: [...holders], lastNumber }))
  }

  async restore(source) {
    let text = ''
    for await (const piece of source) text += decoder.decode(piece)
    const { holders, lastNumber } = JSON.parse(text)
    this.holders = new Map(holders)
    // The overlooked thing: with ten tickets or fewer this is the same, with more it is not.
    this.lastNumber = isFixed ? lastNumber : this.holders.size
  }
}

async function* pieces(text) {
  yield encoder.encode(text)
}

/** What the simulator's clients do with it. */
export function workload() {
  return {
    machine: () => new Tickets(),
    next: (random, client, serial) =>
      random.chance(0.2)
        ? { f: 'last', command: null }
        : { f: 'take', command: encoder.encode(`client ${client}, for the ${serial}th time`) },
    read: (tickets) => tickets.lastNumber,
    answer: (_operation, answer) => ({ type: 'ok', value: Number(decoder.decode(answer)) }),
    // For `quorate check`: a number that grows by one with each ticket, and that anybody may look at.
    model: {
      init: 0,
      step: (last, { f, result, outcome }) => {
        const next = f === 'take' ? last + 1 : last
        return { ok: outcome === 'unknown' || result === next, state: next }
      },
      readOnly: ({ f }) => f === 'last',
    },
  }
}
