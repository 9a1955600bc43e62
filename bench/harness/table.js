// Tables for the terminal.

/** @param columns each `[title, row => cell]`; figures stand to the right */
export function table(columns, rows) {
  const lines = [columns.map(([title]) => title), ...rows.map((row) => columns.map(([, value]) => String(value(row))))]
  const widths = columns.map((_, i) => Math.max(...lines.map((line) => line[i].length)))
  return lines.map((line) => line.map((cell, i) => cell.padStart(widths[i])).join('  ')).join('\n')
}

/** 12,345 and 0.123: as many digits as say something. */
export function figure(value, unit = '') {
  if (value === null || value === undefined || Number.isNaN(value)) return '–'
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2
  const text = value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits })
  return unit === '' ? text : `${text} ${unit}`
}

export function percent(share) {
  return share === null ? '–' : `${Math.round(share * 100)} %`
}

/** 16 B, 4 KiB, 1 GB: binary below a mega, as sizes of commands are given, and decimal above, as those of disks. */
export function size(bytes) {
  if (bytes >= 1e9) return `${figure(bytes / 1e9)} GB`
  if (bytes >= 1e6) return `${figure(bytes / 1e6)} MB`
  return bytes >= 1024 && bytes % 1024 === 0 ? `${bytes / 1024} KiB` : `${bytes} B`
}
