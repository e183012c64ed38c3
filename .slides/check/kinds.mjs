// Everything that the check can find. A finding is printed as `DECK: slide N "Heading": KIND: details`.

/** What is looked at in each slide, in this order. */
export const ofSlides = [
  'over the edge',
  'in the margin',
  'cut off',
  'small text',
  'small code',
  'half empty',
  'low contrast',
  'contrast not known',
  'low contrast in a dark room',
  'picture not loaded',
  'picture without alt text',
  'picture without a title',
  'picture without a description',
  'small text in a picture',
  'wrong heading',
  'dead link',
  'dead lines',
  'dead anchor',
]

/** What is looked at in a page as a whole. */
export const ofPages = ['no slides', 'no dark room', 'wrong language', 'no title', 'request', 'script error']

/** Rules of axe, with our names for what they find. */
export const ofAxe = {
  'link-name': 'link without text',
  list: 'broken list',
  listitem: 'list item without a list',
  'empty-table-header': 'column without a name',
}

export const kinds = [...ofPages, ...ofSlides, ...Object.values(ofAxe)]
