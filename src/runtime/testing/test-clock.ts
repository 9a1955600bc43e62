/** The clock of the runtime's tests moves when it is told to. */
export { ManualClock as TestClock } from '../../testing/manual-clock.ts'
