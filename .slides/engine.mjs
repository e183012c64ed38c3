// The Marp engine of the decks: Marp as it is, with the pictures inside the page, links that lead somewhere from where
// the page lies, and nothing that would be fetched. build.mjs calls Marp with it.

import { AsyncLocalStorage } from 'node:async_hooks'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'

import { built, isAddress, root, slug } from './links.mjs'

/** What is being built: `source`, `out` and `pdf` as in links.mjs, and `problems`, which the engine fills. */
export const job = new AsyncLocalStorage()

/** So many columns of code are as wide as a slide, in the theme's usual size. */
const columns = 92

/** Code with no more columns and lines than these has room for larger letters. */
const few = { columns: 76, lines: 10 }

const types = { '.svg': 'image/svg+xml', '.png': 'image/png', '.jpg': 'image/jpeg', '.jpeg': 'image/jpeg' }

// An arrow: Marp would take a function for a class.
export default (options) => {
  // Marp's emoji are pictures of a foreign host, and so are the fonts of its formulas; `$` is a prompt here.
  options.emoji = { shortcode: false, unicode: false }
  options.math = false
  options.html = false
  options.slug = slug
  return options.marp.use(plugin)
}

function plugin(markdown) {
  // Before Marp reads an image's address, and before it makes notes of comments.
  markdown.core.ruler.after('inline', 'unblocked', (state) => {
    const { problems, ...place } = job.getStore()
    const before = problems.length
    for (const token of all(state.tokens)) {
      if (token.type === 'marpit_comment' && token.content.startsWith('causes:')) {
        token.meta = { ...token.meta, marpitCommentParsed: 'causes' }
      } else if (token.type === 'image') {
        token.attrSet('src', asData(token.attrGet('src'), place.source, problems))
      } else if (token.type === 'link_open') {
        setLink(token, built(token.attrGet('href'), place))
      } else if (token.type === 'fence') {
        for (const name of size(token.content)) token.attrJoin('class', name)
      }
    }
    if (problems.length > before) throw new Error(problems.join('; '))
  })
}

/** The picture as an address that holds it. */
function asData(picture, source, problems) {
  const deck = path.relative(root, source)
  if (isAddress(picture)) {
    problems.push(`${deck}: the picture ${picture} lies in the network; put a copy into the repository`)
    return ''
  }
  const file = path.resolve(path.dirname(source), decodeURI(picture))
  const type = types[path.extname(file).toLowerCase()]
  if (!type || !existsSync(file)) {
    problems.push(`${deck}: the picture ${picture} ${type ? 'is missing' : 'is neither SVG, PNG nor JPEG'}`)
    return ''
  }
  return `data:${type};base64,${readFileSync(file).toString('base64')}`
}

/** What the theme knows of a block of code, so that it can choose the size of its letters. */
function size(content) {
  const lines = content.trimEnd().split('\n')
  const widest = Math.max(...lines.map((line) => [...line].length))
  if (widest > columns) return ['wide']
  return [widest <= few.columns && 'narrow', lines.length <= few.lines && 'short'].filter(Boolean)
}

function setLink(token, link) {
  if (link === null) token.attrs = token.attrs.filter(([name]) => name !== 'href')
  else token.attrSet('href', link)
}

function* all(tokens) {
  for (const token of tokens) {
    yield token
    if (token.children) yield* all(token.children)
  }
}
