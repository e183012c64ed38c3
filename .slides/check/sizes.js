// Runs in the page. What is painted where, and how large: `look.edges`, `look.clipped`, `look.sizes`.

globalThis.look ??= {}

{
  /** Of a slide of 1280 x 720, in pixels. */
  const least = { text: 24, code: 28 }
  /** A slide whose ink ends so far up has room for text of this size. */
  const half = { share: 0.6, text: 36 }
  /** Layout rounds; and `12.34` is compared with `12.3`. */
  const slack = 1

  /** The elements of the slide, and the text in them: [text node, the element it stands in]. */
  look.texts = (root) => {
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT)
    const found = []
    while (walker.nextNode()) {
      const parent = walker.currentNode.parentElement
      if (walker.currentNode.data.trim() && !parent.closest('script, style')) found.push([walker.currentNode, parent])
    }
    return found
  }

  look.quote = (text) => {
    const words = text.trim().replace(/\s+/g, ' ')
    return `"${words.length > 40 ? `${words.slice(0, 39)}…` : words}"`
  }

  /** What to call an element: `table "Python Rust"`. */
  look.name = (element) => {
    const tag = element.tagName.toLowerCase()
    if (tag === 'img') return `picture ${look.quote(element.alt)}`
    return `${tag} ${look.quote(element.textContent)}`
  }

  const blockOf = (element) => {
    let block = element
    while (getComputedStyle(block).display.startsWith('inline')) block = block.parentElement
    return block
  }

  const px = (length) => `${Math.round(length)} px`

  /** What hides a part of its contents. */
  const clips = (element) => {
    const { overflowX, overflowY } = getComputedStyle(element)
    const right = overflowX === 'visible' ? 0 : element.scrollWidth - element.clientWidth
    const down = overflowY === 'visible' ? 0 : element.scrollHeight - element.clientHeight
    return { right: right > slack ? right : 0, down: down > slack ? down : 0 }
  }

  look.clipped = (section) =>
    [...section.querySelectorAll('*')].flatMap((element) => {
      const { right, down } = clips(element)
      const hidden = [right && `${px(right)} to the right`, down && `${px(down)} at the bottom`].filter(Boolean)
      return hidden.length ? [['cut off', `${look.name(element)} hides ${hidden.join(' and ')}`]] : []
    })

  /** What reaches over the slide's edges, or into its margins; the worst at each side. */
  look.edges = (section) => {
    const slide = section.getBoundingClientRect()
    const style = getComputedStyle(section)
    const worst = new Map()
    for (const [rects, element] of painted(section)) {
      for (const rect of rects) {
        for (const side of ['left', 'right', 'top', 'bottom']) {
          const sign = side === 'left' || side === 'top' ? -1 : 1
          const over = sign * (rect[side] - slide[side])
          if (over + parseFloat(style[`padding-${side}`]) <= slack) continue
          if (!(worst.get(side)?.over >= over)) worst.set(side, { over, element })
        }
      }
    }
    return [...worst].map(([side, { over, element }]) => {
      if (over > slack) return ['over the edge', `${look.name(element)} is ${px(over)} over the ${side} edge`]
      const into = over + parseFloat(style[`padding-${side}`])
      return ['in the margin', `${look.name(element)} is ${px(into)} in the ${side} margin`]
    })
  }

  /** Where there is ink: boxes that are seen, and text, but not what a box inside the slide hides. */
  function* painted(section) {
    const hidden = new Set([...section.querySelectorAll('*')].filter((element) => Object.values(clips(element)).some(Boolean)))
    const isHidden = (element) => {
      for (let box = element; box !== section; box = box.parentElement) if (hidden.has(box)) return true
      return false
    }
    for (const element of section.querySelectorAll('img, pre, table, hr, blockquote')) {
      // One of the two versions of a picture is not painted.
      if (element.getClientRects().length) yield [[element.getBoundingClientRect()], element]
    }
    const range = document.createRange()
    for (const [node, parent] of look.texts(section)) {
      if (isHidden(parent)) continue
      range.selectNodeContents(node)
      const size = parseFloat(getComputedStyle(parent).fontSize)
      yield [[...range.getClientRects()].map((rect) => letters(rect, size)), blockOf(parent)]
    }
  }

  /** A line's rectangle has room above and below the letters, more or less of it in different fonts. */
  const letters = ({ left, right, top, bottom, height }, size) => {
    const room = Math.max(0, (height - size) / 2)
    return { left, right, top: top + room, bottom: bottom - room }
  }

  /** The smallest text and the smallest code, if they are too small. */
  look.sizes = (section) => {
    const blocks = new Map()
    const texts = look.texts(section).map(([node, parent]) => {
      const block = blockOf(parent)
      blocks.set(block, undefined)
      const kind = parent.closest('pre') ? 'code' : 'text'
      return { text: node.data, kind, block, size: parseFloat(getComputedStyle(parent).fontSize) }
    })
    measureScales(blocks)
    const smallest = {}
    for (const { text, kind, block, size } of texts) {
      const painted = size * blocks.get(block)
      if (!(smallest[kind]?.painted <= painted)) smallest[kind] = { painted, text }
    }
    return Object.entries(smallest).flatMap(([kind, { painted, text }]) => {
      if (Number(painted.toFixed(1)) >= least[kind]) return []
      return [[`small ${kind}`, `${look.quote(text)} is painted at ${painted.toFixed(1)} px, and ${least[kind]} px is the least`]]
    })
  }

  /** Room that is left, while what is written could be larger. Captions, and what stands in the margin, are what they are. */
  look.room = (section) => {
    if (section.querySelector('h1')) return []
    const slide = section.getBoundingClientRect()
    const inks = [...painted(section)].flatMap(([rects]) => rects.map((rect) => rect.bottom))
    const share = (Math.max(...inks) - slide.top) / slide.height
    const isCaption = (element) => element.closest('h1, h2, h3, pre, pre + p, p:has(+ pre)')
    const sizes = look.texts(section).filter(([, parent]) => !isCaption(parent)).map(([, parent]) => parseFloat(getComputedStyle(blockOf(parent)).fontSize))
    if (share >= half.share || !sizes.length || Math.min(...sizes) >= half.text) return []
    return [['half empty', `its ink ends at ${Math.round(share * 100)} % of its height, and its text has ${Math.min(...sizes)} px: more of it, a picture, or \`_class: large\``]]
  }

  /** How much larger or smaller than in its style each block is painted. Transforms, zoom and SVG change it. */
  function measureScales(blocks) {
    const side = 100
    const probes = [...blocks.keys()].map((block) => {
      const probe = document.createElement('i')
      probe.style.cssText = `position: absolute; width: ${side}px; height: ${side}px; visibility: hidden`
      block.append(probe)
      return [block, probe]
    })
    for (const [block, probe] of probes) blocks.set(block, probe.getBoundingClientRect().height / side)
    for (const [, probe] of probes) probe.remove()
  }
}
