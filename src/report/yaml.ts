import { Document, Scalar, visit } from 'yaml'
import type { RenderedTree } from '../manifest/rendered.ts'

// What a terminal obeys, or nobody sees; line feeds and tabs are YAML's own.
const UNSEEN = /(?![\n\t])[\p{Cc}\p{Cf}\u2028\u2029]/u

/**
 * The manifests of `render --output yaml`, in the order they are applied, of Kustomizations with a remote base what could be
 * rendered; texts that YAML 1.1 would retype are quoted, and characters that a terminal obeys stand as escapes.
 */
export function renderYaml(tree: RenderedTree): string {
  return [...tree.kustomizations, ...tree.helmReleases]
    .flatMap(unit => unit.objects)
    .map(({ manifest }) => `---\n${printed(new Document(manifest, { version: '1.1' }))}`)
    .join('')
}

function printed(document: Document): string {
  visit(document, {
    Scalar: (_key, node) => {
      if (typeof node.value === 'string' && UNSEEN.test(node.value)) node.type = Scalar.QUOTE_DOUBLE
    },
  })
  // in double quotes all of them by now, where an escape means the character
  return document
    .toString({ lineWidth: 0 })
    .replaceAll(
      /[\p{Cf}\u007f-\u009f\u2028\u2029]/gu,
      character => `\\U${(character.codePointAt(0) ?? 0).toString(16).padStart(8, '0')}`,
    )
}
