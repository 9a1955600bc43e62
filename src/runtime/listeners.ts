/** A node's listeners. One that throws is logged, and harms nobody else. */
import { Events } from '../util/events.ts'
import { asError } from './errors.ts'
import type { Logger } from './logger.ts'

export class Listeners<EventMap extends object> {
  private readonly events = new Events<EventMap>()
  private readonly logger: Logger

  constructor(logger: Logger) {
    this.logger = logger
  }

  /** Calls `listener` at each such event; the returned function ends it. */
  on<Name extends keyof EventMap>(name: Name, listener: (event: EventMap[Name]) => void): () => void {
    return this.events.on(name, (event) => {
      try {
        listener(event)
      } catch (error) {
        this.logger.error(`a listener of '${String(name)}' threw`, { reason: asError(error).message })
      }
    })
  }

  emit<Name extends keyof EventMap>(name: Name, event: EventMap[Name]): void {
    this.events.emit(name, event)
  }
}
