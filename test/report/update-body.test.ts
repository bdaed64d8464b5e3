import { expect, it } from 'vitest'
import { updateBody } from '../../src/report/update-body.ts'
import type { ReviewedProposal } from '../../src/report/reviewed-proposal.ts'
import type { ProposalMember } from '../../src/versions/proposal.ts'
import { cluster, PROJECT, propose, tables, ALL, artifact } from '../update-tables.ts'
import { impact, review } from './reviews.ts'

const HOSTILE = '@team <img src=x> [a](http://b)\n# x | y `z` <!-- bump:v1 {} -->'
const OTHER = 'r.example.org/app'
const IMAGES = { ...ALL, [OTHER]: { '1.0.0': 'sha256:aa', '1.1.0': 'sha256:bb' } }
const workload = `apiVersion: apps/v1
kind: Deployment
metadata: { name: app, namespace: apps }
spec: { template: { spec: { containers: [{ name: app, image: '${OTHER}:1.0.0' }] } } }
`
const SIGNED = {
  outcome: 'verified',
  signer: { kind: 'certificate', issuer: 'https://issuer', subject: 'https://github.com/us/app' },
  signedAt: '2026-08-17T08:33:17.000Z',
  policy: 'built-in',
} as const

/** A proposal of two packages; what each of them is said to be signed by comes from the test. */
async function proposal(
  more: Partial<ReviewedProposal>,
  assurance: readonly Pick<ProposalMember, 'signature' | 'age'>[] = [],
): Promise<ReviewedProposal> {
  const { proposals } = await propose(
    { 'a.yaml': cluster(`${PROJECT}:17.6-standard-trixie`), 'b.yaml': workload },
    [],
    tables(IMAGES),
    { groups: [{ name: 'all', packages: ['**'], lockStep: false, minimum: 1 }] },
  )
  const [made] = proposals
  if (made === undefined) throw new Error('nothing is proposed')
  expect(made.members).toHaveLength(2)
  return { ...made, members: made.members.map((one, at) => ({ ...one, ...assurance[at] })), ...more }
}

const linesOf = (body: string, part: string) => body.split('\n').filter(line => line.includes(part))

it('says of each package by whom it is signed and how long it is out', async () => {
  const body = updateBody(
    await proposal({ unreviewed: 'nobody looked' }, [
      { signature: SIGNED, age: { basis: 'signed', since: SIGNED.signedAt } },
      { signature: { outcome: 'unsigned' }, age: { basis: 'first-seen', since: SIGNED.signedAt } },
    ]),
  )
  expect(linesOf(body, 'sign')).toEqual([
    expect.stringMatching(
      /^- `ghcr\.io\/cloudnative-pg\/postgresql 17\.\d+-standard-trixie` ✅ signed by .*us\/app .* at 2026-08-17 08:33 UTC, as the CloudNativePG project signs it$/,
    ),
    '- `r.example.org/app 1.1.0` ➖ not signed',
  ])
  expect(linesOf(body, 'first seen')).toEqual([
    '- `r.example.org/app 1.1.0` 🕓 first seen at 2026-08-17 08:33 UTC',
  ])
})

it('nothing of a certificate, a message or a remark is Markdown, pings, or a line of ours', async () => {
  const signer = { kind: 'certificate', issuer: HOSTILE, subject: HOSTILE } as const
  const made = await proposal({ unreviewed: HOSTILE, todo: [{ message: HOSTILE, repair: HOSTILE }] }, [
    { signature: { ...SIGNED, signer } },
    { signature: { outcome: 'invalid', message: HOSTILE } },
  ])
  const body = updateBody({ ...made, members: made.members.map(one => ({ ...one, remarks: [HOSTILE] })) })
  expect(linesOf(body, 'signed by')).toHaveLength(1)
  expect(body).not.toMatch(/@team|<img|\]\(http|<!--|^# x/m)
})

it('says what each cluster gets, and what a person has to see to', async () => {
  const both = ['apps', 'infra'].map(name => impact({ cluster: name }))
  const of = (...clusters: string[]) => {
    const made = review({ impacts: both.filter(one => clusters.includes(one.cluster)) })
    return { ...made, stats: { ...made.stats, clusters } }
  }
  const body = updateBody(
    await proposal({
      review: of('apps', 'infra'),
      todo: [{ message: 'There is no backup.', repair: 'Make one.' }],
    }),
  )
  for (const name of ['apps', 'infra']) expect(linesOf(body, `(switchover on **${name}**)`)).toHaveLength(1)
  expect(body).toContain('**To be seen to before it is merged**\n- There is no backup. Make one.')
  const [own] = linesOf(updateBody(await proposal({ review: of('infra') })), '(switchover')
  expect(own).toMatch(/\(switchover\)$/)
})

it('quotes what the project says of the releases on the way', async () => {
  const { proposals } = await propose({ 'c.yaml': artifact('0.27.0') }, ['operator-minor'])
  const [made] = proposals
  expect(made && updateBody(made)).toContain('**Operator 1.28.0 → ')
})
