/** Every class that can be asked for. */
export const CLASSES_ON_REQUEST = [
  'pg-major',
  'os-change',
  'type-change',
  'flavour-form',
  'pre-release',
  'bundle-change',
  'major',
  'breaking',
  'operator-minor',
] as const
