/** An answer of the API server that is no success. */
export interface RefusedAnswer {
  /** HTTP status */
  status: number
  contentType: string
  body: string
}

/** The error that client-go makes of an answer. */
export interface ApiError {
  /** metav1.StatusReason; '' for one that has none */
  reason: string
  message: string
}

const MESSAGES: Record<number, [reason: string, message: string]> = {
  400: ['BadRequest', 'the server rejected our request for an unknown reason'],
  401: ['Unauthorized', 'the server has asked for the client to provide credentials'],
  404: ['NotFound', 'the server could not find the requested resource'],
  405: ['MethodNotAllowed', 'the server does not allow this method on the requested resource'],
  409: ['Conflict', 'the server reported a conflict'],
  422: ['Invalid', 'the server rejected our request due to an error in our request'],
  429: ['TooManyRequests', 'the server has received too many requests and has asked us to try again later'],
  503: ['ServiceUnavailable', 'the server is currently unable to handle the request'],
  504: [
    'Timeout',
    'the server was unable to return a response in the time allotted, but may still be processing the request',
  ],
}

/**
 * What client-go's DoRaw says of an answer that is no success: it looks at the body only where that is text
 * (client-go v0.34 rest/request.go newUnstructuredResponseError, apimachinery api/errors NewGenericServerResponse).
 * @param target 'get pods https:postgres-1:8000'; '' leaves it out
 */
export function unstructuredError(answer: RefusedAnswer, target: string): ApiError {
  const { status, contentType, body } = answer
  // client-go caps what it reads at 2048 bytes
  const said = contentType.startsWith('text/') ? body.slice(0, 2048).trim() : 'unknown'
  const [reason, message] = genericError(status, said)
  return { reason, message: target === '' ? message : `${message} (${target})` }
}

function genericError(status: number, said: string): [string, string] {
  const known = MESSAGES[status]
  if (known !== undefined) return known
  if (status === 403) return ['Forbidden', said]
  if (status === 406)
    return [
      'NotAcceptable',
      said === '' || said === 'unknown'
        ? 'the server was unable to respond with a content type that the client supports'
        : said,
    ]
  if (status === 415) return ['UnsupportedMediaType', said]
  if (status >= 500)
    return [
      'InternalError',
      `an error on the server (${JSON.stringify(said)}) has prevented the request from succeeding`,
    ]
  return ['', `the server responded with the status code ${status} but did not return more information`]
}
