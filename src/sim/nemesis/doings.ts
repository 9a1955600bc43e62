/** What each kind of decision does to the cluster. */
import type { Action } from '../plan.ts'
import { doToDisk } from './disk-doings.ts'
import { doToMembers } from './member-doings.ts'
import { doToNetwork } from './network-doings.ts'
import { doToServer } from './server-doings.ts'
import type { Doing, Stage } from './stage.ts'

/** Does it. @returns null when there was nobody to do it to */
export function doingOf(action: Action, stage: Stage): Doing | null {
  switch (action.kind) {
    case 'isolate':
    case 'partition':
    case 'bridge':
    case 'cutLink':
    case 'flap':
    case 'delay':
    case 'slowLink':
    case 'unruly':
    case 'cutFrames':
    case 'corruptBytes':
    case 'hangUp':
      return doToNetwork(action, stage)
    case 'crash':
    case 'crashAt':
    case 'crashAll':
    case 'stop':
    case 'pause':
    case 'drift':
    case 'leap':
    case 'slowApply':
    case 'upgrade':
      return doToServer(action, stage)
    case 'slowDisk':
    case 'fullDisk':
    case 'breakDisk':
    case 'rot':
    case 'misdirect':
    case 'emptyDisk':
      return doToDisk(action, stage)
    case 'transfer':
    case 'snapshot':
    case 'add':
    case 'remove':
    case 'demote':
    case 'promote':
    case 'replaceVoters':
      return doToMembers(action, stage)
  }
}
