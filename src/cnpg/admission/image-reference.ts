import { atoi } from './go-values.ts'

/** cloudnative-pg/machinery 0.5 pkg/image/reference New: the tag; 'latest' where there is neither tag nor digest. */
export function imageTag(image: string): string {
  const digest = /@sha256:[a-fA-F0-9]+$/.exec(image)?.[0]
  const name = digest === undefined ? image : image.slice(0, -digest.length)
  return /:([^/]+)$/.exec(name)?.[1] ?? (digest === undefined ? 'latest' : '')
}

/** machinery pkg/postgres/version FromTag: the major of the version that a tag starts with, if it starts with one. */
export function postgresMajor(tag: string): number | undefined {
  const version = /^(?:\d\.?)+/.exec(tag)?.[0]
  if (version === undefined) return undefined
  const [major = '', minor] = version.split('.')
  const number = atoi(major)
  if (number === undefined || (minor !== undefined && atoi(minor) === undefined)) return undefined
  return Number(number)
}
