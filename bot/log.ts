import { pino, stdSerializers, type DestinationStream, type Logger } from 'pino'

/** Structured lines, one JSON a line. */
export type Log = Logger

/** The last part of an address that carries a token of ours: 'https://x-access-token:ghs_…@host'. */
const SECRETS =
  /\b(gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}|v1\.[0-9a-f]{40}|eyJ[\w-]+\.[\w-]+\.[\w-]+)/g

/**
 * The log of the bot. An error gives its kind, message and stack and nothing that hangs on it: Octokit's errors carry the
 * request with its token, and those of webhooks the whole payload.
 */
export function openLog(level: string, destination?: DestinationStream): Log {
  const options = {
    level,
    base: {},
    formatters: { level: (label: string) => ({ level: label }) },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    serializers: { err: plainError, error: plainError },
    redact: { paths: ['event', 'payload', 'headers', 'request', '*.authorization'], remove: true },
  }
  return destination === undefined ? pino(options) : pino(options, destination)
}

/** Takes tokens out of a text. */
export function withoutSecrets(text: string): string {
  return text.replaceAll(SECRETS, '[secret]')
}

function plainError(error: Error): object {
  const { type, message, stack } = stdSerializers.err(error)
  const status = 'status' in error && typeof error.status === 'number' ? { status: error.status } : {}
  return { type, ...status, message: withoutSecrets(message), stack: withoutSecrets(stack) }
}
