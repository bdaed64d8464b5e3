import { isObject, type Json, type JsonObject } from '../manifest/json.ts'

/**
 * Sets a value at a path as `helm --set` does, in place.
 * Port of helm's pkg/strvals/parser.go (4.2): its words, its errors, and its changes in place, on which
 * helm-controller's order of values depends.
 * @param line 'a.b[0].c=value', with the escapes and lists of `--set`
 * @param asText the value stays text (`--set-string`)
 * @throws Error in helm's words
 */
export function setValues(data: JsonObject, line: string, asText: boolean): void {
  const reader = new Reader(line)
  const parser = new Parser(reader, asText)
  while (parser.key(data, 0) === 'more');
}

const MAX_NESTED_NAMES = 30
const MAX_INDEX = 65536

class Reader {
  private readonly runes: string[]
  private at = 0
  constructor(text: string) {
    this.runes = Array.from(text)
  }

  next(): string | undefined {
    return this.runes[this.at++]
  }

  back(): void {
    this.at--
  }

  /** `last` is absent at the end of the text */
  until(stop: string): { text: string; last?: string } {
    let text = ''
    for (;;) {
      let rune = this.next()
      if (rune === undefined) return { text }
      if (stop.includes(rune)) return { text, last: rune }
      if (rune === '\\') {
        rune = this.next()
        if (rune === undefined) return { text }
      }
      text += rune
    }
  }
}

type Outcome = 'more' | 'end'

class Parser {
  private readonly reader: Reader
  private readonly asText: boolean
  constructor(reader: Reader, asText: boolean) {
    this.reader = reader
    this.asText = asText
  }

  key(data: JsonObject, level: number): Outcome {
    const { text: name, last } = this.reader.until('=[,.')
    if (last === undefined) {
      if (name === '') return 'end'
      throw new Error(`key "${name}" has no value`)
    }
    if (last === '[') {
      const index = this.index()
      const known = data[name]
      if (known !== undefined && !Array.isArray(known))
        throw new Error(`unable to parse key: ${name} is no list`)
      const [list, outcome] = this.listItem(known ?? [], index, level)
      set(data, name, list)
      return outcome
    }
    if (last === '=') {
      const [value, outcome] = this.value()
      set(data, name, value)
      return outcome
    }
    if (last === ',') {
      set(data, name, '')
      throw new Error(`key "${name}" has no value (cannot end with ,)`)
    }
    if (level + 1 > MAX_NESTED_NAMES)
      throw new Error(
        `value name nested level is greater than maximum supported nested level of ${MAX_NESTED_NAMES}`,
      )
    const known = data[name]
    if (known !== undefined && !isObject(known)) throw new Error(`unable to parse key: ${name} is no map`)
    const inner = known ?? {}
    const outcome = this.key(inner, level + 1)
    if (Object.keys(inner).length > 0) set(data, name, inner)
    else if (outcome === 'more') throw new Error(`key map "${name}" has no value`)
    return outcome
  }

  private index(): number {
    const { text, last } = this.reader.until(']')
    if (last === undefined || !/^[+-]?\d+$/.test(text)) throw new Error(`error parsing index: ${text}`)
    return Number(text)
  }

  private listItem(list: Json[], index: number, level: number): [Json[], Outcome] {
    if (index < 0) throw new Error(`negative ${index} index not allowed`)
    const { text, last } = this.reader.until('[.=')
    if (text !== '') throw new Error(`unexpected data at end of array index: "${text}"`)
    // helm keeps the list as it is where the line ends after the index
    if (last === undefined) return [list, 'end']
    if (last === '=') {
      const [value] = this.value()
      return [setIndex(list, index, value), 'more']
    }
    if (last === '[') {
      const next = this.index()
      const known = list[index] ?? []
      if (!Array.isArray(known)) throw new Error(`unable to parse key: item ${index} is no list`)
      const [inner, outcome] = this.listItem(known, next, level)
      if (outcome === 'end') return [list, 'end']
      return [setIndex(list, index, inner), 'more']
    }
    let inner: JsonObject = {}
    if (list.length > index) {
      const known = list[index]
      if (isObject(known)) inner = known
      else list[index] = inner
    }
    if (this.key(inner, level) === 'end') return [list, 'end']
    return [setIndex(list, index, inner), 'more']
  }

  /** the value after '=': a list in braces, or text until the next comma */
  private value(): [Json, Outcome] {
    const first = this.reader.next()
    if (first === undefined) return ['', 'end']
    if (first === '{') return [this.list(), 'more']
    this.reader.back()
    return [this.typed(this.reader.until(',').text), 'more']
  }

  private list(): Json[] {
    const list: Json[] = []
    for (;;) {
      const { text, last } = this.reader.until(',}')
      if (last === undefined) throw new Error("list must terminate with '}'")
      list.push(this.typed(text))
      if (last === ',') continue
      const after = this.reader.next()
      if (after !== undefined && after !== ',') this.reader.back()
      return list
    }
  }

  private typed(text: string): Json {
    if (this.asText) return text
    const lower = text.toLowerCase()
    if (lower === 'true') return true
    if (lower === 'false') return false
    if (lower === 'null') return null
    if (text === '0') return 0
    return /^[+-]?\d+$/.test(text) && !text.startsWith('0') ? Number(text) : text
  }
}

function set(data: JsonObject, name: string, value: Json): void {
  if (name !== '') data[name] = value
}

/** In place where the list is long enough, a new list otherwise, as helm does. */
function setIndex(list: Json[], index: number, value: Json): Json[] {
  if (index > MAX_INDEX)
    throw new Error(`index of ${index} is greater than maximum supported index of ${MAX_INDEX}`)
  const target =
    list.length > index ? list : [...list, ...Array.from({ length: index + 1 - list.length }, () => null)]
  target[index] = value
  return target
}
