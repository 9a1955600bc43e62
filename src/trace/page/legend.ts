// The legend: every mark of the picture as it is drawn, and what it means in words. The samples are drawn by the painters
// themselves, so that they cannot differ from the picture.

import { TraceRecorder } from '../recorder.ts'
import { byId, element, sizeCanvas } from './dom.ts'
import { layoutOf } from './layout.ts'
import { arrowsOf, paintArrows } from './paint-flights.ts'
import { paintLane } from './paint-lanes.ts'
import { paintMarks } from './paint-marks.ts'
import { paintOperations } from './paint-operations.ts'
import { RunModel } from './run-model.ts'
import type { Theme } from './theme.ts'
import { TimeView } from './time-view.ts'

const [WIDTH, HEIGHT] = [150, 64]

interface Sample {
  readonly words: string
  readonly record: (run: TraceRecorder) => void
  /** Drawn with two servers rather than one. */
  readonly isMessage?: boolean
  /** Drawn with crashes, starts and the like. */
  readonly hasMarks?: boolean
  /** Only the operations are of interest. */
  readonly isOperation?: boolean
}

function sent(record: (run: TraceRecorder) => void): (run: TraceRecorder) => void {
  return (run) => {
    run.start(0, 'A')
    run.start(0, 'B')
    record(run)
    run.note(100, '')
  }
}

function role(name: 'leader' | 'candidate' | 'preCandidate' | 'follower'): (run: TraceRecorder) => void {
  return (run) => {
    run.start(0, 'A')
    run.role(5, 'A', name, 4, null, null)
    run.note(100, '')
  }
}

function log(record: (run: TraceRecorder) => void): (run: TraceRecorder) => void {
  return (run) => {
    run.start(0, 'A')
    run.append(5, 'A', 1, [1, 1, 1, 1, 2, 2, 2])
    record(run)
    run.note(100, '')
  }
}

const SAMPLES: readonly Sample[] = [
  {
    words: 'A leader. The number is the term, the colour goes with it; six colours take turns.',
    record: role('leader'),
  },
  { words: 'A candidate: it asks for votes.', record: role('candidate') },
  { words: 'A pre-candidate: it asks whether an election would succeed.', record: role('preCandidate') },
  { words: 'A follower.', record: role('follower') },
  {
    words: 'A crash, and a start: down in between.',
    hasMarks: true,
    record: (run) => {
      run.start(0, 'A')
      run.role(0, 'A', 'follower', 4, null, null)
      run.crash(25, 'A')
      run.start(80, 'A')
      run.note(100, '')
    },
  },
  {
    words: 'Paused: it does nothing, and does not know.',
    record: (run) => {
      run.start(0, 'A')
      run.role(0, 'A', 'leader', 4, 'A', null)
      run.pause(20, 'A')
      run.resume(85, 'A')
      run.note(100, '')
    },
  },
  {
    words: 'A strip of slanted lines above a lane: it cannot talk with these servers, in one direction or both.',
    record: sent((run) => {
      run.link(10, 'A', 'B', 'down')
      run.link(90, 'A', 'B', 'up')
    }),
  },
  {
    words: 'Dots instead of it: the way is slow.',
    record: sent((run) => {
      run.link(10, 'A', 'B', 'slow')
      run.link(90, 'A', 'B', 'up')
    }),
  },
  {
    words: 'The strip below: the log. Full: all committed. The number is its last index.',
    record: log((run) => {
      run.durable(5, 'A', 7)
      run.commit(5, 'A', 7)
    }),
  },
  {
    words: 'Pale: so many entries at its end are not committed, as far as this server knows.',
    record: log((run) => {
      run.durable(5, 'A', 7)
      run.commit(5, 'A', 4)
    }),
  },
  {
    words: 'Dotted below: not all of it is durable; a crash would lose the rest.',
    record: log((run) => run.durable(5, 'A', 3)),
  },
  {
    words: 'A sync of the disk, from its beginning to its end; a red cross where it failed.',
    record: log((run) => {
      run.syncBegin(20, 'A')
      run.syncEnd(55, 'A')
      run.syncBegin(65, 'A')
      run.syncEnd(85, 'A', true)
    }),
  },
  {
    words: 'A message and its reply: the slope is the time that they took. Votes are violet, snapshots thick.',
    isMessage: true,
    record: sent((run) => {
      run.send(20, 1, 'A', 'B', 'AppendEntries', 1)
      run.arrive(45, 1)
      run.send(50, 2, 'B', 'A', 'AppendEntriesReply', 1)
      run.arrive(75, 2)
    }),
  },
  {
    words: 'A lost message.',
    isMessage: true,
    record: sent((run) => {
      run.send(30, 1, 'A', 'B', 'AppendEntries', 1)
      run.lose(70, 1, 'lost')
    }),
  },
  {
    words: 'A late message, dotted: one that was sent after it came first.',
    isMessage: true,
    record: sent((run) => {
      run.send(15, 1, 'A', 'B', 'AppendEntries', 1)
      run.send(30, 2, 'A', 'B', 'AppendEntries', 1)
      run.arrive(45, 2)
      run.arrive(85, 1)
    }),
  },
  {
    words: 'A copy that the network made, with dashes and dots.',
    isMessage: true,
    record: sent((run) => {
      run.send(20, 1, 'A', 'B', 'AppendEntries', 1)
      run.arrive(40, 1)
      run.arrive(80, 1)
    }),
  },
  {
    words: 'An operation of a client, from its question to its answer.',
    isOperation: true,
    record: (run) => {
      run.invoke(10, 'c', 1, 'put x')
      run.return(90, 1, 'ok', '')
      run.note(100, '')
    },
  },
  {
    words: 'It failed: it certainly has no effect.',
    isOperation: true,
    record: (run) => {
      run.invoke(10, 'c', 1, 'put x')
      run.return(70, 1, 'fail', '')
      run.note(100, '')
    },
  },
  {
    words: 'Of unknown outcome: it may have an effect now, later or never.',
    isOperation: true,
    record: (run) => {
      run.invoke(10, 'c', 1, 'put x')
      run.note(100, '')
    },
  },
]

const IN_WORDS = [
  ['▼', 'A fault that was done to a server, or to all in the row below the axis.'],
  ['▏', 'In the row below the axis: a note of whoever ran this.'],
  [
    '▮',
    'Grey columns instead of arrows: how many messages a server sent; red, how many of them were lost. Zoom in to see them one by one.',
  ],
  ['‼', 'A red line through all lanes: something that must always be true was not. The page opens with the first.'],
  [
    '▢',
    'Below the lanes, the logs at the chosen moment: a cell is an entry, its number the term. A thick border is committed, a broken one not durable, a bar below applied.',
  ],
] as const

/** Fills the legend; to be called again when the theme changes. */
export function showLegend(theme: Theme): void {
  const list = byId('legend-list', HTMLElement)
  const rows = SAMPLES.map((sample) => {
    const canvas = element('canvas', { 'aria-hidden': 'true' })
    paintSample(canvas, sample, theme)
    return element('div', { class: 'sample' }, canvas, element('span', {}, sample.words))
  })
  const words = IN_WORDS.map(([sign, text]) =>
    element(
      'div',
      { class: 'sample' },
      element('span', { class: 'big', 'aria-hidden': 'true' }, sign),
      element('span', {}, text),
    ),
  )
  list.replaceChildren(...rows, ...words)
}

function paintSample(
  canvas: HTMLCanvasElement,
  { record, isMessage, isOperation, hasMarks }: Sample,
  theme: Theme,
): void {
  const run = new TraceRecorder({ title: '', command: '', seed: '', servers: ['A', 'B'], clients: ['c'], settings: {} })
  record(run)
  const model = new RunModel(run.trace())
  const view = new TimeView(100)
  view.width = WIDTH
  const context = sizeCanvas(canvas, WIDTH, HEIGHT)
  const brush = { context, theme, width: WIDTH, height: HEIGHT }
  context.fillStyle = theme.background
  context.fillRect(0, 0, WIDTH, HEIGHT)
  if (isOperation === true) {
    const layout = { ...layoutOf(0, [], [1]), clients: [{ client: 0, top: 24, rows: 1 }] }
    paintOperations(brush, model, view, layout)
    return
  }
  const lanes =
    isMessage === true
      ? [
          { server: 0, top: -30, height: 62, middle: 8 },
          { server: 1, top: 40, height: 62, middle: 56 },
        ]
      : [{ server: 0, top: 0, height: HEIGHT + 1, middle: 26 }]
  const layout = { ...layoutOf(0, [], []), notes: -100, lanes }
  if (isMessage === true) {
    paintArrows(brush, arrowsOf(model, view, layout, () => true).arrows)
    context.fillStyle = theme.noTerm
    for (const { middle } of lanes) context.fillRect(0, middle - 1, WIDTH, 2)
    return
  }
  for (const lane of lanes) paintLane(brush, model, view, lane)
  if (hasMarks === true) paintMarks(brush, model, view, layout)
}
