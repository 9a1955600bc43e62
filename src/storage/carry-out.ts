/** What the stores do with the file system's errors. */
import { diskFull, poisoned, StorageError } from './errors.ts'
import { isDiskFull } from './file-system.ts'

/**
 * Says the file system's errors in the store's words.
 *
 * @param what completes "could not …" and "no room to …"
 * @param inOurWords of everything but want of room
 * @throws StorageError
 */
export async function carryOut<T>(
  what: string,
  action: () => Promise<T>,
  inOurWords: (what: string, cause: unknown) => StorageError = poisoned,
): Promise<T> {
  try {
    return await action()
  } catch (error) {
    if (error instanceof StorageError) throw error
    throw isDiskFull(error) ? diskFull(what, error) : inOurWords(what, error)
  }
}
