/** An example of each parameter, by name; or by path and name, where one name means several things. */
const EXAMPLES: Readonly<Record<string, string>> = {
  ip: '10.64.0.182',
  at: '2026-11-20T14:05:00Z',
  from: '2026-11-20T00:00:00Z',
  to: '2026-11-21T00:00:00Z',
  namespace: 'shop',
  pod: 'web-5cc97bc7d5-228ts',
  workload: 'web',
  workload_kind: 'Deployment',
  kind: 'Deployment',
  node: 'node-3',
  pod_uid: 'ae78e15f-4ab4-41c2-b5b1-c7a0dfb18a35',
  network: 'shop/storage',
  cluster: 'default',
  key: '10.64.0.182@2026-11-20T14:05:00Z',
  skew: '2s',
  wait: '2s',
  fields: 'verdict,reason,namespace,pod',
  timeline: 'true',
  limit: '20',
  // What an answer said is next: a word for programs.
  after:
    'WyIyMDI2LTExLTIwIDE0OjA1OjAwKzAwIiwiZGVmYXVsdCIsImFlNzhlMTVmLTRhYjQtNDFjMi1iNWIxLWM3YTBkZmIxOGEzNSIsIiIsIjEwLjY0LjAuMTgyIiwiMSJd',
  before: '2026-11-20T14:05:00Z',
  window: '24h',
  strip: '24h',
  name: 'web',
  '/help/{name}:name': 'troubleshooting',
  operation: 'all',
  '/queue/{operation}/{code}/{message}:operation': 'write',
  code: '200',
  message: '3%20published',
  'x-podips-host': 'podips-reader-0',
};

/** The example of a parameter of a route; undefined where it has none. */
export function exampleOf(path: string, name: string): string | undefined {
  return EXAMPLES[`${path}:${name}`] ?? EXAMPLES[name];
}
