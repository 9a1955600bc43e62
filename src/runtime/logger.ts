/** Where a node tells an operator what happens; pino's and console's objects fit with one line of glue. */
export interface Logger {
  info(message: string, fields?: object): void
  warn(message: string, fields?: object): void
  error(message: string, fields?: object): void
}

export const SILENT: Logger = { info() {}, warn() {}, error() {} }
