// The Marp engine of the decks: Marp as it is, with the pictures inside the page, for light and dark rooms, blocks that
// belong together side by side, links that lead somewhere from where the page lies, and nothing that would be fetched.
// build.mjs calls Marp with it.

import { AsyncLocalStorage } from 'node:async_hooks'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'

import { darkened } from './dark.mjs'
import { built, isAddress, root, slug } from './links.mjs'

/** What is being built: `source`, `out` and `pdf` as in links.mjs, whether `dark`, and `problems`, which the engine fills. */
export const job = new AsyncLocalStorage()

/** So many columns of code fit on a slide, in two blocks side by side. */
const columns = 68

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
      } else if (token.type === 'link_open') {
        setLink(token, built(token.attrGet('href'), place))
      } else if (token.children) {
        token.children = token.children.flatMap((child) => (child.type === 'image' ? pictures(child, place.source, problems) : [child]))
      }
    }
    if (problems.length > before) throw new Error(problems.join('; '))
    state.tokens = besideEachOther(state.tokens, state.Token)
  })
  markdown.core.ruler.push('unblocked_dark', (state) => {
    if (!job.getStore().dark) return
    for (const token of state.tokens) if (token.type === 'marpit_slide_open') token.attrJoin('class', 'dark')
  })
}

/** The picture twice, for a light and for a dark room; the theme shows one of them. */
function pictures(image, source, problems) {
  const picture = content(image.attrGet('src'), source, problems)
  return ['light', 'dark'].map((room) => {
    const shown = Object.assign(Object.create(Object.getPrototypeOf(image)), image, { attrs: image.attrs.map(([...pair]) => pair) })
    shown.attrSet('src', asData(picture, room === 'dark'))
    shown.attrJoin('class', room)
    return shown
  })
}

/** Wraps terminals of one slide, or code in two languages, that fit side by side: each has a line above that says whose it is. */
function besideEachOther(tokens, Token) {
  const result = []
  for (let at = 0; at < tokens.length; ) {
    const blocks = []
    for (let next = at; ; next += blocks.at(-1).length) {
      const block = labelled(tokens, next)
      if (!block) break
      block[0].attrJoin('class', 'label')
      blocks.push(block)
    }
    const put = (name, tokens) => [box(Token, name, 1), ...tokens, box(Token, name, -1)]
    for (const row of rows(blocks)) {
      const isAlone = row.length === 1
      result.push(...(isAlone ? row[0] : put('columns', row.flatMap((block) => put('column', block)))))
    }
    at += blocks.flat().length
    if (!blocks.length) result.push(tokens[at++])
  }
  return result
}

/** The tokens of a line that ends with a colon, the block of code below it, and its caption if it has one. */
function labelled(tokens, at) {
  const [open, text, close, fence] = tokens.slice(at, at + 4)
  const isLabelled = open?.type === 'paragraph_open' && text.content.endsWith(':') && close.type === 'paragraph_close' && fence?.type === 'fence'
  if (!isLabelled) return null
  const hasCaption = tokens[at + 4]?.type === 'paragraph_open' && /^\[[^\]]*\]\(\.\.\/[^)]*\)$/.test(tokens[at + 5].content)
  return tokens.slice(at, at + (hasCaption ? 7 : 4))
}

/** All in one row if they fit, where the first has the first column and the others share the second; otherwise rows of two or one. */
function rows(blocks) {
  const width = (block) => Math.max(...block[3].content.split('\n').map((line) => [...line].length))
  const fit = ([first, ...others]) => width(first) + Math.max(0, ...others.map(width)) <= columns
  if (!blocks.length || fit(blocks)) return blocks.length ? [blocks] : []
  const two = blocks.slice(0, 2)
  const row = two.length === 2 && fit(two) ? two : [blocks[0]]
  return [row, ...rows(blocks.slice(row.length))]
}

function box(Token, name, nesting) {
  const token = new Token(`unblocked_${name}_${nesting > 0 ? 'open' : 'close'}`, 'div', nesting)
  token.block = true
  if (nesting > 0) token.attrSet('class', name)
  return token
}

/** The picture's type and bytes. */
function content(picture, source, problems) {
  const deck = path.relative(root, source)
  if (isAddress(picture)) {
    problems.push(`${deck}: the picture ${picture} lies in the network; put a copy into the repository`)
    return {}
  }
  const file = path.resolve(path.dirname(source), decodeURI(picture))
  const type = types[path.extname(file).toLowerCase()]
  if (!type || !existsSync(file)) {
    problems.push(`${deck}: the picture ${picture} ${type ? 'is missing' : 'is neither SVG, PNG nor JPEG'}`)
    return {}
  }
  return { type, bytes: readFileSync(file) }
}

/** The picture as an address that holds it. */
function asData({ type, bytes }, dark) {
  if (!bytes) return ''
  const shown = dark && type === types['.svg'] ? Buffer.from(darkened(bytes.toString('utf8'))) : bytes
  return `data:${type};base64,${shown.toString('base64')}`
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
