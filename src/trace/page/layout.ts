// Where everything stands on the canvas, from top to bottom: the axis, a row for what concerns all, a lane for each
// server, and rows for the clients' operations. Pixels.

/** The lane of a server. */
export interface Lane {
  readonly server: number
  readonly top: number
  readonly height: number
  /** The line on which the server's role is drawn, and at which its messages begin and end. */
  readonly middle: number
}

/** The rows of a client, from its top down. */
export interface ClientLane {
  readonly client: number
  readonly top: number
  readonly rows: number
}

export interface Layout {
  readonly axis: number
  /** Of the row for notes, and of faults that concern no server alone. */
  readonly notes: number
  readonly lanes: readonly Lane[]
  readonly clients: readonly ClientLane[]
  /** What all of it needs; the canvas scrolls when it is less. */
  readonly height: number
}

export const AXIS_HEIGHT = 24
export const NOTES_HEIGHT = 20
export const OPERATION_HEIGHT = 16
const CLIENT_GAP = 8
const MIN_LANE = 78
const MAX_LANE = 132
/** From a lane's top to the middle of its row for faults. */
export const FAULT_MIDDLE = 8
/** From a lane's top to its middle: above it is room for faults and cuts. */
const ABOVE_MIDDLE = 40

/** @param servers the numbers of those that are shown; @param clientRows how many rows each client needs */
export function layoutOf(height: number, servers: readonly number[], clientRows: readonly number[]): Layout {
  const lanesTop = AXIS_HEIGHT + NOTES_HEIGHT
  const clientsHeight = clientRows.reduce((sum, rows) => sum + rows * OPERATION_HEIGHT + CLIENT_GAP, 0)
  const room = (height - lanesTop - clientsHeight) / Math.max(1, servers.length)
  const laneHeight = Math.floor(Math.min(Math.max(room, MIN_LANE), MAX_LANE))
  const lanes = servers.map((server, i) => {
    const top = lanesTop + i * laneHeight
    return { server, top, height: laneHeight, middle: top + ABOVE_MIDDLE }
  })
  let top = lanesTop + servers.length * laneHeight + CLIENT_GAP / 2
  const clients = clientRows.map((rows, client) => {
    const lane = { client, top, rows }
    top += rows * OPERATION_HEIGHT + CLIENT_GAP
    return lane
  })
  return { axis: 0, notes: AXIS_HEIGHT, lanes, clients, height: top }
}

/** The lane at this height, or null. */
export function laneAt({ lanes }: Layout, y: number): Lane | null {
  return lanes.find(({ top, height }) => y >= top && y < top + height) ?? null
}
