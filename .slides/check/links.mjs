// Whether a link of a built page leads somewhere. Addresses in the network are not asked.

import { existsSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'

import { isAddress, repository, root, slug } from '../links.mjs'

/** Returns [kind, details], or undefined. `hasAnchor` answers for the page itself. */
export async function follow(link, page, hasAnchor) {
  const [, address, anchor] = /^([^#]*)(#?.*)$/s.exec(link)
  const id = decodeURIComponent(anchor.slice(1))
  if (!address) return (await hasAnchor(id)) ? undefined : ['dead anchor', link]
  // It may work here, and nowhere else.
  if (address.startsWith('file:')) return ['dead link', link]
  const file = fileOf(address, page)
  if (!file) return undefined
  const shown = named(file, page) + anchor
  if (!existsSync(file)) return ['dead link', shown]
  const lines = /^L(\d+)(?:-L(\d+))?$/.exec(id)
  if (lines) return findLines(shown, file, Number(lines[1]), Number(lines[2] ?? lines[1]))
  return !id || anchors(file).has(id) ? undefined : ['dead anchor', shown]
}

/** The file that is meant; none for what lies elsewhere. */
function fileOf(address, page) {
  if (repository && address.startsWith(`${repository}/`)) return path.join(root, decodeURI(address.slice(repository.length)))
  return isAddress(address) ? undefined : path.resolve(path.dirname(page), decodeURI(address))
}

/** As people look for it: beside the page, or in the repository. */
function named(file, page) {
  const beside = path.dirname(file) === path.dirname(page)
  return path.relative(beside ? path.dirname(page) : root, file).split(path.sep).join('/')
}

function findLines(shown, file, first, last) {
  const count = readFileSync(file, 'utf8').trimEnd().split('\n').length
  if (first >= 1 && first <= last && last <= count) return undefined
  return ['dead lines', `${shown}, and the file has ${count} lines`]
}

const known = new Map()

/** What can stand after the `#` of a link to the file. */
function anchors(file) {
  if (!known.has(file)) known.set(file, readAnchors(file))
  return known.get(file)
}

function readAnchors(file) {
  if (statSync(file).isDirectory()) return new Set()
  const text = readFileSync(file, 'utf8')
  if (file.endsWith('.html')) return new Set([...text.matchAll(/\sid="([^"]*)"/g)].map(([, id]) => id))
  const found = new Set()
  for (const [, heading] of text.replace(/^(```+)[^]*?^\1/gm, '').matchAll(/^#{1,6} +(.*)$/gm)) {
    const id = slug(heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1'))
    let name = id
    for (let count = 1; found.has(name); count += 1) name = `${id}-${count}`
    found.add(name)
  }
  return found
}
