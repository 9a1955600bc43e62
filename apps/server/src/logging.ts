/** The server's log: JSON lines on standard error, so that standard output is left for what a program may read. */
import { pino } from 'pino'
import type { Logger } from 'quorate'

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

/** Synchronous: the line that says why a process ends must be out before it does. */
export function openLog(level: LogLevel, id: string): Logger {
  const log = pino({ level, base: { id } }, pino.destination({ dest: 2, sync: true }))
  return {
    info: (message, fields) => log.info(fields ?? {}, message),
    warn: (message, fields) => log.warn(fields ?? {}, message),
    error: (message, fields) => log.error(fields ?? {}, message),
  }
}
