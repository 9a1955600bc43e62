import { expect, test } from 'vitest'
import type { LabEvent } from '../lab/index.ts'
import { Recorder } from './recorder.ts'

test('a recorder lets go of what came first when there is too much', () => {
  const recorder = new Recorder()
  for (let time = 0; time < 400_000; time++) recorder.add({ time, kind: 'start', server: 0 } as LabEvent)
  expect(recorder.omitted).toBe(200_000)
  expect(recorder.lines()[0]?.time).toBe(200_000)
})
