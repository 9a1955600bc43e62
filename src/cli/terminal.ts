// Where output goes: lines on stdout, and one line of progress that is rewritten in place when it is a terminal.

const DEFAULT_WIDTH = 160
const CLEAR_LINE = '\r\x1b[2K'

/** What is printed where. */
export interface Terminal {
  /** In characters. */
  readonly width: number
  /** Whether somebody watches, so that progress is worth showing. */
  readonly live: boolean
  readonly colored: boolean
  print(line: string): void
  /** Replaces the line of progress; an empty one removes it. Does nothing unless `live`. */
  progress(line: string): void
}

/** @param forceColor colours although nobody watches */
export function openTerminal(forceColor = false): Terminal {
  const { stdout } = process
  const live = stdout.isTTY === true
  const colored = forceColor || (live && (process.env['NO_COLOR'] ?? '') === '')
  // A terminal that does not know its width says 0.
  const width = (live && stdout.columns) || DEFAULT_WIDTH
  let shown = false
  const clear = (): void => {
    if (shown) stdout.write(CLEAR_LINE)
    shown = false
  }
  return {
    width,
    live,
    colored,
    print: (line) => {
      clear()
      stdout.write(`${line}\n`)
    },
    progress: (line) => {
      if (!live) return
      clear()
      stdout.write(line.slice(0, width - 1))
      shown = line !== ''
    },
  }
}
