/** Why single events are rejected (R4.3), the most frequent first. */
export const eventCodes = [
  'missing_field',
  'invalid_field',
  'unknown_field',
  'unknown_type',
  'malformed',
  'unsupported_specversion',
  'id_reused',
  'account_mismatch',
  'time_in_future',
  'too_old',
  'internal_error',
] as const

/** Why whole requests are. */
export const requestCodes = [
  'malformed_json',
  'malformed_body',
  'malformed_request',
  'invalid_request',
  'empty_batch',
  'too_many_events',
  'payload_too_large',
  'request_timeout',
  'unsupported_media_type',
  'unsupported_encoding',
  'bad_encoding',
] as const

export const isOfEvent = (code: string) => (eventCodes as readonly string[]).includes(code)
