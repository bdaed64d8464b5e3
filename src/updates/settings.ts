/** How updates are kept; what the configuration of a repository may say of it. */
export interface UpdateSettings {
  /** pull requests of updates open at a time */
  openLimit: number
  /** opened within an hour */
  hourLimit: number
  /** when a branch is made anew on the base: 'behind' also where GitHub asks for branches to be up to date */
  rebase: 'conflict' | 'behind'
  /** whether an issue lists all updates */
  dashboard: boolean
}
