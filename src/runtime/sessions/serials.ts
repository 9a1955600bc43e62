/** Serials in a set or a map, all above a mark that only rises. */

/**
 * The serials that a rise of the mark from `from` to `to` leaves behind: all that are in `held` and ≤ `to`, and perhaps
 * some more that are not in it. Takes as many steps as the mark rises, or as many as are held, whichever is less: with
 * 500 commands under way the mark rises by one at a time, and a jump of the mark, which a client names, costs nothing.
 */
export function serialsUpTo(
  to: number,
  from: number,
  held: { readonly size: number; keys(): Iterable<number> },
): readonly number[] {
  if (to <= from) return []
  if (to - from > held.size) return [...held.keys()].filter((serial) => serial <= to)
  return Array.from({ length: to - from }, (_, i) => from + 1 + i)
}
