import { describe, expect, it } from 'vitest'
import { parseArguments } from '../../src/cli/arguments.ts'

const words = (line: string) => line.split(' ').filter(Boolean)

describe('parseArguments', () => {
  it.each<[string, object]>([
    ['review', { command: 'review', output: 'text', color: true, entries: [], offline: false, all: false }],
    [
      'review --repo ../x --base main --head HEAD~1 --all -o json --no-color --offline',
      {
        command: 'review',
        output: 'json',
        color: false,
        repo: '../x',
        base: 'main',
        head: 'HEAD~1',
        entries: [],
        offline: true,
        all: true,
      },
    ],
    [
      '--output=sarif validate --ref v1 --cnpg-version v1.28.0 --kubernetes-version 1.34',
      {
        command: 'validate',
        output: 'sarif',
        color: true,
        ref: 'v1',
        cnpgVersion: '1.28.0',
        kubernetesVersion: '1.34.0',
        entries: [],
        offline: false,
      },
    ],
    [
      'render --cluster infra --kustomization flux-system/apps --flux-version v2.8.3 --entry a=./x/ --entry b=y --kustomize k --helm h',
      {
        command: 'render',
        output: 'yaml',
        color: true,
        cluster: 'infra',
        kustomization: 'flux-system/apps',
        fluxVersion: '2.8',
        entries: [
          { name: 'a', path: 'x' },
          { name: 'b', path: 'y' },
        ],
        kustomize: 'k',
        helm: 'h',
        offline: false,
      },
    ],
    [
      'updates',
      {
        command: 'updates',
        output: 'text',
        color: true,
        entries: [],
        offline: false,
        allow: [],
        apply: false,
      },
    ],
    [
      'updates --repo x --allow pg-major --allow 1a2b3c4d5e --apply --offline -o json',
      {
        command: 'updates',
        output: 'json',
        color: true,
        repo: 'x',
        entries: [],
        offline: true,
        allow: ['pg-major', '1a2b3c4d5e'],
        apply: true,
      },
    ],
    [
      'explain schema-unknown-field',
      { command: 'explain', output: 'text', color: true, rule: 'schema-unknown-field' },
    ],
    [
      'status postgres -n databases -vv --context lab --kubeconfig k --at 2026-11-22T21:31:45Z -o json',
      {
        command: 'status',
        output: 'json',
        color: true,
        name: 'postgres',
        namespace: 'databases',
        context: 'lab',
        kubeconfig: 'k',
        allowExec: false,
        verbosity: 2,
        at: new Date('2026-11-22T21:31:45Z'),
      },
    ],
    [
      'status postgres -v',
      { command: 'status', output: 'text', color: true, name: 'postgres', allowExec: false, verbosity: 1 },
    ],
    [
      'status postgres --wait',
      {
        command: 'status',
        output: 'text',
        color: true,
        name: 'postgres',
        allowExec: false,
        verbosity: 0,
        waitMs: 1_800_000,
      },
    ],
    [
      'status postgres --wait --timeout 90s',
      {
        command: 'status',
        output: 'text',
        color: true,
        name: 'postgres',
        allowExec: false,
        verbosity: 0,
        waitMs: 90_000,
      },
    ],
    ['schema', { command: 'schema', output: 'text', color: true, imports: [] }],
    ['schema import a.yaml b', { command: 'schema', output: 'text', color: true, imports: ['a.yaml', 'b'] }],
    ['doctor --helm ./h', { command: 'doctor', output: 'text', color: true, helm: './h' }],
    [
      'review --base=-x',
      { command: 'review', output: 'text', color: true, base: '-x', entries: [], offline: false, all: false },
    ],
    ['--help', { command: 'help' }],
    ['help', { command: 'help' }],
    ['help review', { command: 'help', about: 'review' }],
    ['review --help --nonsense', { command: 'help', about: 'review' }],
    ['-h', { command: 'help' }],
    ['--version', { command: 'version' }],
  ])('%s', (line, command) => expect(parseArguments(words(line))).toEqual(command))

  it.each([
    ['', 'No command is given.', ''],
    ['reveiw', 'There is no command reveiw; did you mean review?', ''],
    ['frobnicate', 'There is no command frobnicate.', ''],
    ['--bse x', 'There is no command x.', ''],
    ['--bse', 'There is no option --bse.', ''],
    ['review --bse x', 'review has no option --bse; did you mean --base?', 'review'],
    ['review --heed=x', 'review has no option --heed; did you mean --head?', 'review'],
    ['review --ref x', 'review has no option --ref.', 'review'],
    ['review -x', 'review has no option -x.', 'review'],
    ['render --base x', 'render has no option --base.', 'render'],
    ['review main', 'review takes no main.', 'review'],
    ['review --base', '--base wants a value: --base REF.', 'review'],
    ['review --base --head x', '--base wants a value: --base REF.', 'review'],
    ['review --base=', '--base wants a value: --base REF.', 'review'],
    ['review --base a --base b', '--base is given twice.', 'review'],
    ['review --all=yes', '--all takes no value.', 'review'],
    ['review --output yaml', 'review cannot print yaml: it prints text, markdown, json, sarif.', 'review'],
    ['render --flux-version 3', '--flux-version 3 is no version like 2.9.', 'render'],
    ['render --kubernetes-version x', '--kubernetes-version x is no version like 1.35.', 'render'],
    ['validate --cnpg-version 1.28', '--cnpg-version 1.28 is no version like 1.28.0.', 'validate'],
    ['render --entry infra', '--entry infra is not of the form NAME=PATH.', 'render'],
    ['render --entry infra=../x', '--entry infra=../x leads out of the repository.', 'render'],
    ['render --kustomization apps', '--kustomization apps is not of the form NAMESPACE/NAME.', 'render'],
    ['updates --allow pg-majr', 'There is no class pg-majr; did you mean pg-major?', 'updates'],
    ['updates --ref main --apply', '--apply edits the work tree, not a commit.', 'updates'],
    ['status a --wait --timeout 5', '--timeout 5 is no duration like 90s, 15m or 2h.', 'status'],
    ['status a --timeout 5m', '--timeout goes with --wait.', 'status'],
    ['status a --wait --at 2026-11-22', '--at judges one moment; it does not --wait.', 'status'],
    ['explain', 'explain wants RULE.', 'explain'],
    ['explain a b', 'explain takes no b.', 'explain'],
    ['schema imprt x', 'schema takes no imprt; did you mean import?', 'schema'],
    ['schema import', 'schema import wants FILE, DIR or URL.', 'schema'],
  ])('%s: %s', (line, error, about) => {
    const help = `cnpg-steward ${[about, '--help'].filter(Boolean).join(' ')} says what there is.`
    expect(parseArguments(words(line))).toEqual({ error, help })
  })
})
