import { defaultUpdates } from '../../src/config/updates-config.ts'
import type { UpdateSettings } from '../../src/updates/settings.ts'

const { limits, rebase, dashboard } = defaultUpdates

/** What a repository without a configuration has. */
export const defaultUpdateSettings: UpdateSettings = {
  openLimit: limits.open,
  hourLimit: limits.hourly,
  rebase,
  dashboard,
}
