import type { Change, Impact } from '../../src/manifest/change.ts'
import type { Finding } from '../../src/manifest/finding.ts'
import { verdictOf, type Review } from '../../src/report/review.ts'

export const POSTGRES = {
  apiVersion: 'postgresql.cnpg.io/v1',
  kind: 'Cluster',
  namespace: 'databases',
  name: 'postgres',
}

export function finding(rest: Partial<Finding> = {}): Finding {
  return {
    ruleId: 'admission-operator',
    level: 'error',
    message: 'storage cannot shrink from 20Gi to 10Gi',
    file: 'kubernetes/apps/databases/cluster.yaml',
    line: 21,
    resource: POSTGRES,
    cluster: 'infra',
    ...rest,
  }
}

export function impact(rest: Partial<Impact> = {}): Impact {
  return {
    impact: 'switchover',
    cluster: 'infra',
    kustomization: 'databases/postgres',
    resource: POSTGRES,
    from: '256MB',
    to: '512MB',
    reason:
      '`shared_buffers` changes: replicas restart one by one, then a switchover; writes stop for seconds',
    file: 'kubernetes/apps/databases/cluster.yaml',
    line: 27,
    ...rest,
  }
}

export function change(rest: Partial<Change> = {}): Change {
  return {
    change: 'changed',
    cluster: 'infra',
    kustomization: 'databases/postgres',
    resource: POSTGRES,
    diff: '@@ spec.storage.size @@\n- 20Gi\n+ 10Gi',
    fields: [{ path: 'spec.storage.size', from: '20Gi', to: '10Gi' }],
    ...rest,
  }
}

export function review(rest: Partial<Review> = {}): Review {
  const parts = { findings: [], impacts: [], changes: [], incomplete: [], ...rest }
  return {
    version: 1,
    base: { ref: 'main', commit: '1a2b3c4d5e6f7a8b9c0d1e2f3a4b5c6d7e8f9a0b' },
    head: { ref: '', commit: 'e5f6a7b8c9d0e1f2a3b4c5d6e7f8a9b0c1d2e3f4' },
    verdict: verdictOf(parts),
    stats: {
      existing: 0,
      objects: 214,
      kustomizations: 96,
      helmReleases: 0,
      rendered: 2,
      seconds: 0.4,
      versions: ['operator 1.28.0 from chart 0.27.0', 'Flux 2.9 rules'],
      clusters: ['infra on merge', 'apps when release follows'],
      noise: [],
    },
    ...parts,
  }
}

/** A review in which every text a pull request can decide is the given one. */
export function hostileReview(text: string): Review {
  const resource = { apiVersion: text, kind: text, namespace: text, name: text }
  return review({
    head: { ref: text },
    findings: [
      finding({
        ruleId: text,
        message: text,
        repair: text,
        file: text,
        resource,
        field: text,
        cluster: text,
      }),
    ],
    impacts: [
      impact({
        cluster: text,
        kustomization: text,
        resource,
        from: text,
        to: [text],
        reason: text,
        file: text,
      }),
    ],
    changes: [
      change({
        cluster: text,
        kustomization: text,
        helmRelease: text,
        resource,
        renamedFrom: resource,
        movedFrom: text,
        diff: `+ ${text}`,
      }),
      // a line of context begins with what the text begins with
      change({ kustomization: 'other', resource, diff: `@@ x @@\n  ${text}` }),
    ],
    incomplete: [
      { reason: text, message: text, repair: text, affected: [text], cluster: text, file: text },
      { reason: text, message: text, affected: [text], existing: true },
    ],
    stats: { ...review().stats, clusters: [text], noise: [text], versions: [text] },
  })
}

export const HOSTILE: readonly string[] = [
  '```\n</details>\n# owned',
  '~~~~~~\n````````````````````',
  '| a | b |\n|---|---|\n| c \\| d \\\\| e |',
  '<!-- cnpg-steward:review -->',
  '<!--cnpg-steward:review--><script>alert(1)</script><img src=x onerror=x>',
  '@octocat @org/team fixes #1, octo/repo#2, GH-3, https://evil.example/x www.evil.example me@evil.example',
  '`@octocat` ``|`` `a|b` ` <b>`',
  '[click](javascript:alert(1)) ![x](https://evil.example/t.png) <https://evil.example>',
  'a\r\nb\rc\u2028d\u0085e\u0000f\u001b[31mred\u001b[0m',
  '\u202Eevil\u2066 \u200B\uFEFF\u{E0041}',
  '::error file=x::owned\n::set-output name=x::y',
  '##[error]owned ##[add-mask]x',
  '  ::stop-commands::x',
  '\uD800 lone',
  '&lt;b&gt; &#64;octocat &commat;octocat',
  '__proto__',
  '# heading\n- item\n1. x\n> quote\n---',
  '$$\\text{x}$$ *a* _b_ ~~c~~ :smile:',
  `${'`'.repeat(50)}diff`,
]
