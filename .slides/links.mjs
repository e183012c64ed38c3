// Where a link in a deck or in the index leads once it is built; used by engine.mjs and index.mjs.

import { existsSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('..', import.meta.url))

/** What a file named so is a deck: 04-nonblocking-accept.md. */
export const deckName = /^(\d\d-[a-z0-9-]+)\.md$/

/** Where the repository's files are on the forge, when the pages are published: an address, without a slash at its end. */
export const repository = (process.env.SLIDES_REPOSITORY ?? '').replace(/\/+$/, '')

/** Neither a path nor an anchor: https://…, mailto:…, //host/…. */
export const isAddress = (link) => /^([a-z][a-z0-9+.-]*:|\/\/)/i.test(link)

/**
 * The link as it has to stand in the output. `source` is the Markdown file it was found in, `out` the folder of the
 * output, `pdf` says that the output is a PDF.
 *
 * Chromium makes every relative link in a PDF an absolute one of this machine. So there a link leads to the forge, or
 * is none (null).
 */
export function built(link, { source, out, pdf }) {
  if (isAddress(link) || link.startsWith('#')) return link
  const [, file, anchor] = /^([^#]*)(.*)$/s.exec(link)
  const target = path.resolve(path.dirname(source), decodeURI(file))
  const here = path.dirname(target) === path.dirname(source)
  if (here && !pdf) {
    const deck = deckName.exec(path.basename(target))
    if (deck) return `${deck[1]}.html${anchor}`
    if (path.basename(target) === 'README.md' && existsSync(path.join(out, 'index.html'))) return `index.html${anchor}`
  }
  const inside = path.relative(root, target)
  if (repository && !inside.startsWith('..')) return `${repository}/${asAddress(inside)}${anchor}`
  return pdf ? null : asAddress(path.relative(out, target)) + anchor
}

/** The id of a heading, as the forge makes it. */
export function slug(heading) {
  return heading
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}\p{Pc} -]/gu, '')
    .replaceAll(' ', '-')
}

const asAddress = (file) => encodeURI(file.split(path.sep).join('/'))
