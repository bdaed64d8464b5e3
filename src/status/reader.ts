/** What the API server answers to a GET, or why it does not. */
export type Answer =
  | { status: number; contentType: string; body: string }
  | { problem: 'timeout' | 'unreachable'; message: string }

/**
 * Reads from one Kubernetes API server. Nothing is written, nothing is executed, no Secret is asked for.
 * src/adapters/kubernetes-api.ts does it over HTTPS.
 */
export interface KubernetesReader {
  /**
   * @param path with its query: '/api/v1/namespaces/databases/pods?limit=500'
   * @param deadlineMs after which the answer is `timeout`, whatever the server does
   */
  get(path: string, deadlineMs: number): Promise<Answer>
}
