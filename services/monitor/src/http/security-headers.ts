const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
];

/** On every reply. The pages need nothing but their own files and stream, so everything else is forbidden. */
export const SECURITY_HEADERS = {
  'content-security-policy': [...POLICY, "form-action 'none'"].join('; '),
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
} as const;

/** On pages with a form that asks the monitor itself. */
export const FORM_HEADERS = {
  'content-security-policy': [...POLICY, "form-action 'self'"].join('; '),
} as const;
