// Builds slides/README.md into a page that lists the decks, with the colours of the theme.

import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'

import MarkdownIt from 'markdown-it'

import { built, deckName, root, slug } from './links.mjs'

/** Writes index.html into the folder `out`. With `pdf`, each deck's PDF is linked too, where the deck is first named. */
export function buildIndex(source, out, pdf) {
  const markdown = new MarkdownIt()
  const { rules } = markdown.renderer
  const print = (tokens, at, options) => markdown.renderer.renderToken(tokens, at, options)
  const ids = new Set()
  const named = new Set()
  let title = 'Slides'
  let asPdf = ''

  rules.heading_open = (tokens, at, options) => {
    const text = plain(tokens[at + 1])
    if (tokens[at].tag === 'h1') title = text
    tokens[at].attrSet('id', unique(slug(text), ids))
    return print(tokens, at, options)
  }
  rules.th_open = (tokens, at, options) => {
    tokens[at].attrSet('scope', 'col')
    return print(tokens, at, options)
  }
  rules.link_open = (tokens, at, options) => {
    const link = tokens[at].attrGet('href')
    const deck = pdf && deckName.exec(link)?.[1]
    if (deck && !named.has(deck)) asPdf = ` <a class="pdf" href="${deck}.pdf" aria-label="${deck} as PDF">PDF</a>`
    named.add(deck)
    tokens[at].attrSet('href', built(link, { source, out, pdf: false }))
    return print(tokens, at, options)
  }
  rules.link_close = () => {
    const closed = `</a>${asPdf}`
    asPdf = ''
    return closed
  }

  const body = markdown.render(readFileSync(source, 'utf8'))
  writeFileSync(path.join(out, 'index.html'), page(title, body))
}

function page(title, body) {
  const read = (file) => readFileSync(path.join(root, file), 'utf8')
  // The theme's first rule names its colours; in a page of ours it stands as it is.
  const [colours] = /^:root \{[^}]*\}/m.exec(read('slides/theme.css'))
  return `<!DOCTYPE html>
<html lang="en-GB">
<head>
<meta charset="UTF-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</title>
<style>
${colours}
${read('.slides/index.css')}</style>
</head>
<body>
<main>
${body}</main>
</body>
</html>
`
}

const plain = (inline) => inline.children.map((token) => token.content).join('')

function unique(id, taken) {
  let name = id
  for (let count = 1; taken.has(name); count += 1) name = `${id}-${count}`
  taken.add(name)
  return name
}
