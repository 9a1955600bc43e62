// Every kind of fault by its name. Each has a line of help, what it needs of the machine, `draw(random)`, which decides
// everything that can be decided beforehand, and `begin(scene, drawn)`, which resolves when it is over.
import * as disks from './disks.js'
import * as links from './links.js'
import * as members from './members.js'
import * as packets from './packets.js'
import * as processes from './processes.js'

const ALL = { ...processes, ...links, ...packets, ...disks, ...members }

export const FAULTS = new Map(Object.entries(ALL).map(([name, fault]) => [dashed(name), fault]))

function dashed(name) {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}

/** @param abilities which of proxy, namespaces, disks, preload, cgroups there are @returns the kinds that can be had with them */
export function possibleKinds(abilities) {
  return [...FAULTS].filter(([, { needs }]) => needs === undefined || abilities.has(needs)).map(([name]) => name)
}
