import { describe } from 'vitest'
import { MemoryFrontierStore } from './frontier-store.ts'
import { frontierStories } from './testing/frontier-stories.ts'

describe('a frontier in memory', () => frontierStories(() => new MemoryFrontierStore()))
