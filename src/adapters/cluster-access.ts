/** Where an API server is, and how one proves to be somebody there. */
export interface ClusterAccess {
  /** 'https://10.0.0.1:6443' */
  server: URL
  /** the only authorities to trust; absent: those of Node */
  ca?: Buffer
  cert?: Buffer
  key?: Buffer
  /** the name in the server's certificate, where it is another one than the host */
  servername?: string
  /** of the context */
  namespace?: string
  /**
   * What goes with each request. Files of tokens rotate, so they are read anew.
   * @param again the server has refused what was given last
   */
  headers(again: boolean): Promise<Record<string, string>>
}

/** An access that cannot be used, with what to do about it. */
export class AccessProblem extends Error {
  readonly repair: string
  constructor(message: string, repair: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'AccessProblem'
    this.repair = repair
  }
}
