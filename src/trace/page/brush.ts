// What all painters share: the canvas with its theme, and the few shapes that are more than one call.

import { font, type Theme } from './theme.ts'

export interface Brush {
  readonly context: CanvasRenderingContext2D
  readonly theme: Theme
  readonly width: number
  readonly height: number
}

const widths = new Map<string, number>()

/** Measured once for each text and font: measuring is the slowest thing that a canvas does. */
export function textWidth(context: CanvasRenderingContext2D, text: string): number {
  const key = `${context.font}\n${text}`
  const known = widths.get(key)
  if (known !== undefined) return known
  const { width } = context.measureText(text)
  if (widths.size > 20_000) widths.clear()
  widths.set(key, width)
  return width
}

/** Writes as much of a text as there is room for, and nothing where that would be less than two letters. */
export function fitText(context: CanvasRenderingContext2D, text: string, x: number, y: number, room: number): void {
  if (room < 12) return
  if (textWidth(context, text) <= room) {
    context.fillText(text, x, y)
    return
  }
  const letters = Math.floor((room / Math.max(1, textWidth(context, text))) * text.length) - 1
  if (letters >= 2) context.fillText(`${text.slice(0, letters)}…`, x, y)
}

/** Slanted lines within a rectangle: what is not as it should be, without a colour for it. */
export function hatch(
  { context }: Brush,
  [x, y, width, height]: readonly [number, number, number, number],
  color: string,
  gap = 6,
): void {
  if (width <= 0) return
  context.save()
  context.beginPath()
  context.rect(x, y, width, height)
  context.clip()
  context.strokeStyle = color
  context.lineWidth = 1
  context.beginPath()
  for (let at = x - (x % gap) - height; at < x + width; at += gap) {
    context.moveTo(at, y + height)
    context.lineTo(at + height, y)
  }
  context.stroke()
  context.restore()
}

/** A cross of two strokes. */
export function cross(context: CanvasRenderingContext2D, x: number, y: number, size: number): void {
  context.beginPath()
  context.moveTo(x - size, y - size)
  context.lineTo(x + size, y + size)
  context.moveTo(x - size, y + size)
  context.lineTo(x + size, y - size)
  context.stroke()
}

/** Points up or down. */
export function triangle(context: CanvasRenderingContext2D, x: number, y: number, size: number, up: boolean): void {
  const tip = up ? -size : size
  context.beginPath()
  context.moveTo(x, y + tip)
  context.lineTo(x + size, y - tip * 0.7)
  context.lineTo(x - size, y - tip * 0.7)
  context.closePath()
  context.fill()
}

/** A text on a small plate, so that it can be read on anything; the plate's middle is at `x` when it is centred. */
export function plate(
  { context, theme }: Brush,
  text: string,
  x: number,
  y: number,
  colors: { readonly fill: string; readonly text: string },
): number {
  context.font = font(11, 600)
  const width = textWidth(context, text) + 10
  context.fillStyle = colors.fill
  context.beginPath()
  context.roundRect(x, y - 8, width, 16, 4)
  context.fill()
  context.strokeStyle = theme.background
  context.fillStyle = colors.text
  context.fillText(text, x + 5, y + 0.5)
  return width
}
