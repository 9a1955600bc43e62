// The window of time that is on the screen: from where to where, and which pixel is which moment.

/** No window is narrower: a tenth of a microsecond is all that a trace resolves. */
const MIN_SPAN_MS = 0.005

export class TimeView {
  from: number
  to: number
  /** Pixels to the left of the window, and its width. */
  left = 0
  width = 1
  readonly start: number
  readonly end: number

  /** @param end when the run ended, in milliseconds */
  constructor(end: number) {
    const margin = Math.max(end * 0.015, MIN_SPAN_MS)
    this.start = -margin
    this.end = end + margin
    this.from = this.start
    this.to = this.end
  }

  get span(): number {
    return this.to - this.from
  }

  get msPerPixel(): number {
    return this.span / this.width
  }

  x(time: number): number {
    return this.left + ((time - this.from) / this.span) * this.width
  }

  time(x: number): number {
    return this.from + ((x - this.left) / this.width) * this.span
  }

  /** Shows these times, or as much of the run as there is. */
  show(from: number, to: number): void {
    const whole = this.end - this.start
    const span = Math.min(Math.max(to - from, MIN_SPAN_MS), whole)
    const middle = (from + to) / 2
    this.from = Math.min(Math.max(middle - span / 2, this.start), this.end - span)
    this.to = this.from + span
  }

  fit(): void {
    this.show(this.start, this.end)
  }

  /** A factor below 1 shows less, in more detail; what is at `time` stays where it is. */
  zoom(factor: number, time: number): void {
    const span = Math.min(Math.max(this.span * factor, MIN_SPAN_MS), this.end - this.start)
    const share = (time - this.from) / this.span
    const from = time - share * span
    this.from = Math.min(Math.max(from, this.start), this.end - span)
    this.to = this.from + span
  }

  pan(ms: number): void {
    this.show(this.from + ms, this.to + ms)
  }

  /** Moves as little as is needed to have a moment well within the window. */
  reveal(time: number): void {
    const margin = this.span * 0.12
    if (time < this.from + margin) this.pan(time - this.from - this.span * 0.3)
    else if (time > this.to - margin) this.pan(time - this.to + this.span * 0.3)
  }
}

/** Round times for an axis, and how many decimals they need. */
export function ticksOf(
  view: TimeView,
  pixelsBetween: number,
): { readonly times: number[]; readonly decimals: number } {
  const rough = view.msPerPixel * pixelsBetween
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = [1, 2, 5, 10].map((one) => one * power).find((one) => one >= rough) ?? rough
  const first = Math.max(0, Math.ceil(view.from / step))
  const last = Math.floor(view.to / step)
  const times = Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => (first + i) * step)
  return { times, decimals: Math.max(0, -Math.floor(Math.log10(step) + 1e-9)) }
}
