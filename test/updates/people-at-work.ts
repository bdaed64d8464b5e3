import { textAt } from '../../src/manifest/json.ts'
import { idOfBranch } from '../../src/updates/identity.ts'
import { readMarker, readTrailers } from '../../src/updates/marker.ts'
import { withTick } from '../../src/updates/pull-request-body.ts'
import type { FakeGitHub } from '../fakes/github/fake-github.ts'
import type { FakePullRequest } from '../fakes/github/repository.ts'
import { squash } from '../fakes/github/pulls.ts'
import { filesOf } from '../fakes/github/git-trees.ts'
import { content, fileOf, UpdateWorld } from './world.ts'

const PACKAGES = ['alpha', 'beta', 'gamma']
const VERSIONS = ['1.0', '1.1', '1.2', '1.3']

/** People, a registry and a repository that do things by chance, the same for the same seed; and an oracle that watches. */
export class PeopleAtWork {
  readonly world: UpdateWorld
  /** what broke an invariant, in words */
  readonly #broken: string[] = []
  readonly #done: string[] = []
  #state: number
  /** heads that people have asked to be thrown away */
  readonly #thrown = new Set<string>()
  /** id of an update → proposals that a person has refused */
  readonly #refused = new Map<string, Set<string>>()
  /** proposals that a person has asked for on the dashboard */
  readonly #asked = new Set<string>()

  constructor(github: FakeGitHub, seed: number) {
    this.#state = seed * 2654435761
    this.world = new UpdateWorld(github, Object.fromEntries(PACKAGES.map(name => [name, '1.0'])))
    for (const name of PACKAGES) this.world.offered.set(name, '1.1')
    if (this.#chance(0.3)) this.world.automerged.add('gamma')
    this.world.repository.strict = this.#chance(0.3)
    if (this.#chance(0.2)) this.world.settings = { ...this.world.settings, openLimit: 2 }
    this.#watch()
  }

  /** What broke an invariant, and everything that led to it; '' where nothing did. */
  report(): string {
    return this.#broken.length === 0 ? '' : [...this.#done, ...this.#broken].join('\n')
  }

  /** A few things happen between two runs. */
  act(): void {
    const times = 1 + Math.floor(this.#random() * 3)
    for (let n = 0; n < times; n++) this.#something(true)
  }

  /** A run that may die, or two at once, or one while people are at work. */
  async round(): Promise<void> {
    const kind = this.#random()
    const call = 1 + Math.floor(this.#random() * 45)
    if (kind < 0.3) {
      this.#done.push(`a run that dies at call ${call}`)
      await this.world.runUnlessKilled({ crash: { after: 'call', count: call } })
    } else if (kind < 0.5) {
      this.#done.push('two runs at once')
      await Promise.all([this.world.run(), this.world.run()])
    } else if (kind < 0.85) {
      this.#done.push(`a run, and at call ${call} somebody acts`)
      await this.world.run({
        onCall: now => {
          if (now === call) this.#something(false)
        },
      })
    } else {
      this.#done.push('a run, told twice of the same')
      await this.world.run()
      await this.world.run()
    }
    this.#look()
  }

  #watch(): void {
    const { repository } = this.world
    const move = repository.moveBranch.bind(repository)
    // everything that is done over the API goes through here, and nothing that people do in these tests
    repository.moveBranch = (branch, to) => {
      const id = idOfBranch(branch)
      if (id !== undefined) this.#moved(id, branch, repository.git.resolve(`refs/heads/${branch}`), to)
      move(branch, to)
    }
    this.#moveByHand = move
    const open = repository.pullRequest.bind(repository)
    repository.pullRequest = options => {
      const id = idOfBranch(options.head) ?? ''
      const proposal = this.#proposalOf(repository.git.resolve(`refs/heads/${options.head}`) ?? '')
      if (this.#refused.get(id)?.has(proposal) === true)
        this.#broken.push(`I3: ${options.head} is opened again with what was refused`)
      return open(options)
    }
  }

  #moveByHand: (branch: string, to: string | undefined) => void = () => undefined

  #moved(id: string, branch: string, before: string | undefined, to: string | undefined): void {
    const { git } = this.world.repository
    if (before !== undefined && this.#isForeign(before) && !this.#thrown.has(before))
      this.#broken.push(`I2: ${branch} had commits of people at ${before}`)
    if (to === undefined) return
    const name = PACKAGES.find(one => this.world.id(one) === id) ?? ''
    const { parents, tree } = git.commitOf(to)
    const parent = parents[0] ?? ''
    const [was, is] = [filesOf(git, git.commitOf(parent).tree), filesOf(git, tree)]
    const changed = [...is].filter(([path, { sha }]) => was.get(path)?.sha !== sha).map(([path]) => path)
    if (was.size !== is.size || changed.some(path => path !== fileOf(name)))
      this.#broken.push(`I5: ${changed.join(', ')} changed for ${name}`)
    const lines = (sha = '') => git.read(sha).content.toString('utf8').split('\n')
    const [old, now] = [lines(was.get(fileOf(name))?.sha), lines(is.get(fileOf(name))?.sha)]
    if (
      old.length !== now.length ||
      old.some((line, at) => line !== now[at] && !line.startsWith('version: '))
    )
      this.#broken.push(`I5: more than the version changed for ${name}`)
    const proposal = this.#proposalOf(to)
    const isAsked = this.#asked.has(`${id}:${proposal}`)
    if ((this.world.held.get(name) ?? []).length > 0 && !isAsked && this.#isNew(id, branch, proposal))
      this.#broken.push(`I6: ${name} was held and got a ref`)
    const isOpen = this.#openPulls().some(({ head }) => head === branch)
    if (isOpen && this.#refused.get(id)?.has(proposal) === true)
      this.#broken.push(`I3: what is open for ${name} became what was refused`)
  }

  /** A held proposal may be made anew on another base where it is open already. */
  #isNew(id: string, branch: string, proposal: string): boolean {
    const open = this.#openPulls().find(({ head }) => head === branch)
    return open === undefined || readMarker(open.body)?.p !== proposal || id === ''
  }

  #proposalOf(sha: string): string {
    const { content: text } = this.world.repository.git.read(sha)
    return readTrailers(text.toString('utf8'))?.proposal ?? ''
  }

  #isForeign(head: string): boolean {
    const { git, signed } = this.world.repository
    const base = new Set(git.history(git.resolve('refs/heads/main') ?? ''))
    return git.history(head).some(sha => !base.has(sha) && !signed.has(sha))
  }

  #openPulls(): FakePullRequest[] {
    return [...this.world.repository.pulls.values()].filter(({ state }) => state === 'open')
  }

  /** After a run: what stands on GitHub. */
  #look(): void {
    const { github, repository } = this.world
    const open = Map.groupBy(this.#openPulls(), ({ head }) => idOfBranch(head) ?? head)
    for (const [id, pulls] of open)
      if (pulls.length > 1) this.#broken.push(`I1: ${pulls.length} pull requests for ${id}`)
    for (const { path, body, status } of github.requestsOf('pulls/merge')) {
      if (status !== 200 || !path.startsWith(`/repos/${repository.fullName}/`)) continue
      const sha = textAt(body, 'sha') ?? ''
      const checks = repository.checkRuns.filter(({ sent }) => sent.head_sha === sha)
      const wanted = `:${this.#proposalOf(sha)}:${sha}`
      if (textAt(checks.at(-1)?.sent, 'external_id')?.endsWith(wanted) !== true)
        this.#broken.push(`I7: ${sha} was merged with a check of something else`)
    }
  }

  #refuse(pull: FakePullRequest): void {
    const id = idOfBranch(pull.head) ?? ''
    const marker = readMarker(pull.body)
    // a pull request that we are closing anyway says nothing about what people want
    if (marker !== undefined && marker.st !== 'open') return
    const known = this.#refused.get(id) ?? new Set<string>()
    this.#refused.set(id, known)
    if (marker !== undefined) known.add(marker.p)
    this.#asked.delete(`${id}:${marker?.p ?? ''}`)
  }

  #something(between: boolean): void {
    const { world } = this
    const name = this.#one(PACKAGES)
    const branch = world.branch(name)
    const { repository } = world
    const pull = world.openPull(name)
    const head = repository.git.resolve(`refs/heads/${branch}`)
    const actions: Record<string, () => void> = {
      'a version is offered': () => void world.offered.set(name, this.#one(VERSIONS)),
      'a version is withdrawn': () => void world.offered.delete(name),
      'the registry falls silent': () => void world.offered.set(name, 'unknown'),
      'a push to the branch': () => {
        if (head !== undefined) repository.commit(branch, { 'notes.txt': String(this.#random()) })
      },
      'a push of another version': () => {
        if (head !== undefined) repository.commit(branch, { [fileOf(name)]: content('6.6') })
      },
      'a close': () => {
        if (pull === undefined) return
        this.#refuse(pull)
        pull.state = 'closed'
      },
      'a reopening': () => {
        const last = world.pulls(name).at(-1)
        const isClosed = last?.state === 'closed' && last.merged === undefined
        if (last === undefined || !isClosed || head === undefined || pull !== undefined) return
        last.state = 'open'
        last.refresh()
        this.#refused.get(world.id(name))?.clear()
      },
      'a deleted branch': () => {
        if (head === undefined) return
        if (pull !== undefined) this.#refuse(pull)
        this.#moveByHand(branch, undefined)
      },
      'a merge': () => {
        if (pull?.mergeable === true) squash(pull, world.github.now())
      },
      'a ticked rebase': () => {
        const ticked = pull === undefined ? undefined : withTick(pull.body, pull.headSha)
        if (pull === undefined || ticked === undefined) return
        pull.body = ticked
        this.#thrown.add(pull.headSha)
      },
      'another title and text': () => {
        if (pull === undefined) return
        pull.title = 'our words'
        pull.body = `Read this first.\n\n${pull.body}`
      },
      'an emptied text': () => {
        if (pull !== undefined) pull.body = ''
      },
      'other labels': () => {
        pull?.labels.clear()
        if (this.#chance(0.2)) pull?.labels.add('hold')
      },
      'a comment': () => {
        if (pull === undefined) return
        const now = world.github.now()
        const user = world.github.account('dev')
        const id = world.github.nextId()
        repository.comments.push({
          id,
          issue: pull.number,
          body: 'hm',
          user,
          created: now,
          updated: now,
          reactions: [],
        })
      },
      'a commit on the base': () => void repository.commit('main', { 'other.txt': String(this.#random()) }),
      'a conflicting commit on the base': () => {
        const now = world.file(name)
        const text = now.replace(/^name: .*$/m, `name: n${Math.floor(this.#random() * 1000)}`)
        repository.commit('main', { [fileOf(name)]: text })
      },
      'the version by hand': () =>
        void repository.commit('main', { [fileOf(name)]: content(this.#one(VERSIONS)) }),
      'a tick on the dashboard': () => {
        const before = [...repository.issues.values()].map(({ body }) => body).join()
        if (!world.tickDashboard(name)) return
        const proposal = new RegExp(`bump:open ${world.id(name)}:([0-9a-f]{64})`).exec(before)?.[1] ?? ''
        this.#asked.add(`${world.id(name)}:${proposal}`)
        this.#refused.get(world.id(name))?.delete(proposal)
      },
      'the dashboard deleted': () => repository.issues.clear(),
      'another verdict': () => void world.verdicts.set(name, this.#one(['ready', 'blocked', 'attention'])),
    }
    // only between runs: a run works with the plan that it made
    const calm: Record<string, () => void> = {
      'held back': () => void world.held.set(name, [{ message: 'Too young.', approvable: true }]),
      'no longer held': () => void world.held.delete(name),
    }
    const all = Object.entries(between ? { ...actions, ...calm } : actions)
    const [what, act] = this.#one(all)
    this.#done.push(`${name}: ${what}`)
    act()
  }

  #one<T>(items: readonly T[]): T {
    const found = items[Math.floor(this.#random() * items.length)]
    if (found === undefined) throw new Error('nothing to choose from')
    return found
  }

  #chance(of: number): boolean {
    return this.#random() < of
  }

  /** mulberry32: small, and the same everywhere. */
  #random(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}
