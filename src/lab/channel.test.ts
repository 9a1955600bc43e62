import { describe, expect, test } from 'vitest'
import { Channel } from './channel.ts'

/** Lets all promise callbacks run. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('a channel', () => {
  test('keeps a sender waiting until its value is taken', async () => {
    const channel = new Channel<number>()
    let sent = false
    void channel.send(1).then(() => {
      sent = true
    })
    await settle()
    expect(sent).toBe(false)
    expect(await channel.receive()).toEqual({ value: 1, ok: true })
    await settle()
    expect(sent).toBe(true)
  })

  test('hands a value to a receiver that was there first', async () => {
    const channel = new Channel<string>()
    const received = channel.receive()
    await channel.send('a')
    expect(await received).toEqual({ value: 'a', ok: true })
  })

  test('keeps the order of senders and of receivers', async () => {
    const channel = new Channel<number>()
    const sends = [1, 2].map((value) => channel.send(value))
    const first = [await channel.receive(), await channel.receive()]
    await Promise.all(sends)
    const receives = [channel.receive(), channel.receive()]
    await channel.send(3)
    await channel.send(4)
    expect([...first, ...(await Promise.all(receives))].map(({ value }) => value)).toEqual([1, 2, 3, 4])
  })

  test('carries undefined and null like any other value', async () => {
    const channel = new Channel<undefined>()
    void channel.send(undefined)
    expect(await channel.receive()).toEqual({ value: undefined, ok: true })
  })

  test('lets go of everybody when it is closed', async () => {
    const forReceiver = new Channel<number>()
    const received = forReceiver.receive()
    forReceiver.close()
    expect(await received).toEqual({ value: undefined, ok: false })
    expect((await forReceiver.receive()).ok).toBe(false)

    const forSender = new Channel<number>()
    const sent = forSender.send(1)
    forSender.close()
    await expect(sent).rejects.toThrow('closed channel')
    await expect(forSender.send(2)).rejects.toThrow('closed channel')
  })
})
