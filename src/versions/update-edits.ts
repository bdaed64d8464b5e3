import { writeImageReference } from '../manifest/image-reference.ts'
import type { FieldEdit } from './edit-file.ts'
import type { ReferenceField, VersionReference } from './reference.ts'

/** What a reference is to say. */
export interface UpdateTarget {
  version: string
  /** of the index, 'sha256:…' */
  digest?: string
}

/** The edits of one file that make a reference say something else; `problem`: why there are none, one sentence. */
export type UpdateEdits = { ok: true; file: string; edits: FieldEdit[] } | { ok: false; problem: string }

/**
 * Where tag and digest are written depends on the kind: one text for an image, two fields for an OCIRepository (Flux refuses
 * `tag: 1.0@sha256:…` there), one text for kustomize's newTag (a digest beside it would win over the tag). What has a digest
 * gets one, never a new tag beside an old digest.
 * @param pin whether an image that has no digest gets one, where it has the room
 */
export function updateEdits(reference: VersionReference, target: UpdateTarget, pin: boolean): UpdateEdits {
  const { fields, current, package: from } = reference
  if (reference.obstacle !== undefined) return { ok: false, problem: reference.obstacle.message }
  if (current.range !== undefined)
    return { ok: false, problem: `Flux resolves ${current.range} itself: there is nothing to edit.` }
  if (current.digest !== undefined && target.digest === undefined)
    return {
      ok: false,
      problem: `The digest of ${target.version} is not known, and the tag is not moved without it.`,
    }
  const edits: FieldEdit[] = []
  const set = (field: ReferenceField, to: string) => {
    const { document, pointer, value } = field
    if (value !== to) edits.push({ document, pointer, from: value, to })
  }
  const { image, version, digest } = fields
  if (image !== undefined) {
    const name = from.kind === 'image' ? from.name : ''
    const pinned = current.digest !== undefined || pin ? target.digest : undefined
    // an image by digest alone keeps its form
    const tag = current.version === undefined ? undefined : target.version
    set(
      image,
      writeImageReference({
        name,
        ...(tag === undefined ? {} : { tag }),
        ...(pinned === undefined ? {} : { digest: pinned }),
      }),
    )
  } else {
    const isJoined = version !== undefined && version.value.includes('@')
    if (version !== undefined)
      set(version, isJoined ? `${target.version}@${target.digest ?? ''}` : target.version)
    if (digest !== undefined && target.digest !== undefined)
      // `sha:` of some charts has no algorithm in front
      set(digest, digest.value.includes(':') ? target.digest : target.digest.replace(/^sha256:/, ''))
  }
  const [first] = Object.values(fields)
  if (first === undefined || edits.length === 0) return { ok: false, problem: 'It says so already.' }
  return { ok: true, file: first.place.file, edits }
}
