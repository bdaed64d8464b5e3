import type { Rule } from '../rule.ts'

/** What reading a file as YAML can find (src/manifest/source-file.ts). */
export const parseRules: readonly Rule[] = [
  {
    id: 'parse-yaml',
    level: 'error',
    title: 'A manifest is valid YAML.',
    why: 'kustomize refuses the file, and with it every Kustomization that includes it: none of their objects is applied.',
    repair: 'Correct the line that is named; most often it is an indentation or a text that needs quotes.',
    failing: settings('description: shared: by all teams # ←'),
    mended: settings("description: 'shared: by all teams'"),
  },
  {
    id: 'parse-duplicate-key',
    level: 'error',
    title: 'A key stands once in a map.',
    why: 'Which of the two values counts depends on the reader; kustomize refuses the file.',
    repair: 'Remove one of the two.',
    failing: settings('region: eu-central\n  region: eu-west # ←'),
    mended: settings('region: eu-west'),
  },
  {
    id: 'parse-encoding',
    level: 'error',
    title: 'A manifest is UTF-8 text.',
    why: 'kustomize refuses other encodings and binary content.',
    repair: 'Save the file as UTF-8; give a file that is no manifest another extension.',
    failing: settings('description: gr\\xfc\\xdfe # ←'),
    mended: settings('description: grüße'),
  },
  {
    id: 'parse-limit',
    level: 'error',
    title:
      'A manifest stays within the limits of size (10 MiB), depth (1,000 levels) and aliases (4 million values).',
    why: 'A few lines of aliases can unfold to more than any memory holds; no manifest needs that.',
    repair: 'Split the file, flatten it, or write out what the aliases stand for.',
    failing: `apiVersion: v1 # ←
kind: ConfigMap
metadata:
  name: settings
a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]
b: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a]
c: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b, *b]
d: &d [*c, *c, *c, *c, *c, *c, *c, *c, *c, *c]
e: &e [*d, *d, *d, *d, *d, *d, *d, *d, *d, *d]
f: &f [*e, *e, *e, *e, *e, *e, *e, *e, *e, *e]
g: [*f, *f, *f, *f, *f, *f, *f, *f, *f, *f]`,
    mended: settings('region: &region eu-west\n  backupRegion: *region'),
  },
]

/** A whole ConfigMap. */
function settings(data: string): string {
  return `apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
data:
  ${data}`
}
