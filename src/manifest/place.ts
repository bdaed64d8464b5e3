/** A place in a file of the tree. Lines and columns count from 1. */
export interface Place {
  /** path from the root of the tree, with forward slashes */
  file: string
  line: number
  column?: number
}
