import { describe, expect, test } from 'vitest'
import { Persister } from './persister.ts'

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values)

describe('a persister', () => {
  test('is empty at first', () => {
    const persister = new Persister()
    expect(persister.readRaftState()).toEqual(bytes())
    expect(persister.readSnapshot()).toEqual(bytes())
    expect([persister.raftStateSize(), persister.snapshotSize()]).toEqual([0, 0])
  })

  test('leaves the snapshot when only the state is saved', () => {
    const persister = new Persister()
    persister.saveStateAndSnapshot(bytes(1), bytes(7, 7))
    persister.saveRaftState(bytes(1, 2, 3))
    expect(persister.readRaftState()).toEqual(bytes(1, 2, 3))
    expect(persister.readSnapshot()).toEqual(bytes(7, 7))
    expect([persister.raftStateSize(), persister.snapshotSize()]).toEqual([3, 2])
  })

  test('erases the snapshot when null is saved in its place', () => {
    const persister = new Persister()
    persister.save(bytes(1), bytes(7))
    persister.save(bytes(2), null)
    expect(persister.snapshotSize()).toBe(0)
  })

  test('shares no bytes with those who save and read', () => {
    const persister = new Persister()
    const state = bytes(1)
    const snapshot = bytes(2)
    persister.save(state, snapshot)
    for (const held of [state, snapshot, persister.readRaftState(), persister.readSnapshot()]) held[0] = 99
    expect(persister.readRaftState()).toEqual(bytes(1))
    expect(persister.readSnapshot()).toEqual(bytes(2))
  })

  test('does not change when its copy does, nor its copy when it does', () => {
    const persister = new Persister()
    persister.save(bytes(1), bytes(2))
    const copy = persister.copy()
    persister.save(bytes(3), bytes(4))
    expect([copy.readRaftState(), copy.readSnapshot()]).toEqual([bytes(1), bytes(2)])
    copy.saveRaftState(bytes(5))
    expect(persister.readRaftState()).toEqual(bytes(3))
  })

  test('tells of each save with the sizes that are kept', () => {
    const saves: number[][] = []
    const persister = new Persister((state, snapshot) => saves.push([state, snapshot]))
    persister.save(bytes(1, 2), bytes(3))
    persister.saveRaftState(bytes(1))
    expect(saves).toEqual([
      [2, 1],
      [1, 1],
    ])
  })
})
