/** Where a node tells an operator what happens; pino's and console's objects fit with one line of glue. */
export interface Logger {
  info(message: string, fields?: object): void
  warn(message: string, fields?: object): void
  error(message: string, fields?: object): void
}

export const SILENT: Logger = { info() {}, warn() {}, error() {} }

/** The same, but what it throws is swallowed: a log file that is full must not stop a server that is well. */
export function harmless(logger: Logger): Logger {
  const safely = (level: keyof Logger, message: string, fields?: object): void => {
    try {
      logger[level](message, fields)
    } catch {}
  }
  return {
    info: (message, fields) => safely('info', message, fields),
    warn: (message, fields) => safely('warn', message, fields),
    error: (message, fields) => safely('error', message, fields),
  }
}

/** The same, and these fields with every line. */
export function labelled(logger: Logger, labels: object): Logger {
  return {
    info: (message, fields) => logger.info(message, { ...labels, ...fields }),
    warn: (message, fields) => logger.warn(message, { ...labels, ...fields }),
    error: (message, fields) => logger.error(message, { ...labels, ...fields }),
  }
}
