import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { type Environment, SettingsError } from '@podips/shared';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { credentialsOf } from './cluster/credentials.js';
import { withoutCaches } from './cluster/kube-config.js';
import { type ReaderSettings, readReaderSettings } from './settings.js';

const OUTSIDE = ['--incluster=false'];

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'podips-settings-'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(dir, { recursive: true });
});

function write(name: string, content: string | object): string {
  const path = join(dir, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

/** With a cluster that a URL leads to, unless a test says otherwise. */
function read(env: Environment = {}, args: readonly string[] = OUTSIDE): ReaderSettings {
  return readReaderSettings(args, {
    HOME: dir,
    CONFIG_DIR: dir,
    KUBE_APISERVER_URL: 'https://cluster:6443',
    ...env,
  });
}

function problemsOf(env: Environment, args: readonly string[] = OUTSIDE): readonly string[] {
  try {
    read(env, args);
  } catch (err) {
    if (err instanceof SettingsError) return err.problems;
    throw err;
  }
  return [];
}

const server = (settings: ReaderSettings) => settings.kubeConfig.getCurrentCluster()?.server;

/** A kubeconfig with one cluster; JSON is YAML too. */
const kubeconfig = (name: string, url: string, current = name) => ({
  apiVersion: 'v1',
  kind: 'Config',
  'current-context': current,
  contexts: [{ name, context: { cluster: name, user: name } }],
  clusters: [{ name, cluster: { server: url } }],
  users: [{ name, user: { token: 'secret' } }],
});

describe('settings', () => {
  it('have defaults for all but the cluster', () => {
    expect(read()).toMatchObject({
      logLevel: 'info',
      monitorUrl: undefined,
      queue: { servers: [{ host: 'podips-queue', port: 61613 }], username: '', heartbeatMs: 5_000 },
      database: undefined,
      statusDir: '/tmp',
      httpPort: 8080,
      dc: 'unknown',
      pageSize: 100,
      watchIdleMs: 90_000,
      maxBufferedMessages: 20_000,
      outboxIntervalMs: 10_000,
    });
  });

  it('come from the files of podips 1.1, below the environment', () => {
    write('default_podips_host', 'monitor:8081\n');
    write('queue.config.json', { QUEUE_HOST: 'broker', QUEUE_PORT: 61616, QUEUE_USERNAME: 'me' });
    write(
      'dbconfig.ini',
      '[database]\ndriver = pgsql\nhost = db\nport = 5433\nuser = u\npassword = "p;x"\ndbName = q\n',
    );
    expect(read({ QUEUE_PORT: '61613', DB_USER: 'other' })).toMatchObject({
      monitorUrl: 'http://monitor:8081',
      queue: { servers: [{ host: 'broker', port: 61613 }], username: 'me' },
      database: { host: 'db', port: 5433, user: 'other', password: 'p;x', database: 'q' },
    });
  });

  it('are all named at once when they are wrong', () => {
    const env = {
      QUEUE_PORT: 'high',
      LOG_LEVEL: 'loud',
      READER_BUFFER_MESSAGES: '1',
      KUBE_APISERVER_URL: '',
    };
    const problems = problemsOf(env, ['--incluster=perhaps']);
    expect(problems).toHaveLength(4);
    for (const [index, start] of ['--incluster', 'LOG_LEVEL', 'QUEUE_PORT'].entries())
      expect(problems[index]).toMatch(new RegExp(`^${start} must be`));
  });

  it('are all named at once, however much is wrong with a kubeconfig', () => {
    const user = { 'client-key': 7, token: true, exec: {} };
    const clusters = [{ name: 'a', cluster: { server: 1, 'proxy-url': 'ftp://x', 'tls-server-name': 2 } }];
    const contexts = [{ name: 'a', context: { cluster: 'a', user: 'b', namespace: 'A_B' } }];
    const config = { 'current-context': 'a', clusters, contexts, users: [{ name: 'b', user }] };
    const env = { KUBECONFIG: write('config', config), HTTPS_PROXY: 'gopher://x', http_proxy: 'http://' };
    expect(problemsOf(env)).toEqual([
      expect.stringMatching(/^LEASE_NAMESPACE must be .*, but is "A_B"/),
      expect.stringMatching(/^HTTPS_PROXY must be a URL that begins with http/),
      expect.stringMatching(/^HTTP_PROXY must be a URL, but is/),
      expect.stringMatching(/clusters "a" must have text as server/),
      expect.stringMatching(/^proxy-url of the cluster "a" must be/),
      expect.stringMatching(/clusters "a" must have text as tls-server-name/),
      expect.stringMatching(/users "b" must have text as client-key/),
      expect.stringMatching(/^the plugin of the kubeconfig's user "b" must have/),
      expect.stringMatching(/users "b" must have text as token/),
    ]);
    const lost = { ...config, contexts: [{ name: 'a', context: { cluster: 'x', user: 'y' } }] };
    expect(problemsOf({ KUBECONFIG: write('config', lost) })).toEqual([
      expect.stringMatching(/has no cluster "x"/),
      expect.stringMatching(/has no user "y"/),
    ]);
    const twice = { ...config, clusters: [...clusters, ...clusters], users: 'b' };
    const [broken, wrong] = [write('broken', '{{'), write('wrong', twice)];
    expect(problemsOf({ KUBECONFIG: `${broken}:${wrong}` })).toEqual([
      expect.stringMatching(/broken cannot be read/),
      expect.stringMatching(/wrong cannot be read: two clusters are named "a"/),
      expect.stringMatching(/wrong cannot be read: users must be a list/),
    ]);
  });

  it('are all named at once, across rules and files', () => {
    const { clusters } = kubeconfig('a', 'https://a/?x');
    const users = [{ name: 'a', user: { 'client-certificate': '/none.crt', exec: {} } }];
    const KUBECONFIG = write('config', { ...kubeconfig('a', ''), clusters, users });
    write('queue.config.json', '{');
    const env = {
      KUBECONFIG,
      LOG_LEVEL: 'loud',
      QUEUE_TLS_CA_FILE: '/none.pem',
      DB_HOST: 'a b',
      DB_SSLMODE: 'verify-ca',
      DB_SSLKEY: '/none.key',
      LEASE_NAME: '!',
      LEASE_DURATION_S: '1',
      WATCH_NAMESPACES: 'A,B',
      IGNORE_NAMESPACES: 'c',
    };
    expect(
      problemsOf(env).map((problem) => problem.replace(/(names|:) .*| (needs?|must|is|has) .*/, '')),
    ).toEqual([
      'queue.config.json cannot be read',
      'LOG_LEVEL',
      'DB_HOST',
      'QUEUE_TLS_CA_FILE',
      'DB_SSLROOTCERT',
      'DB_SSLCERT and DB_SSLKEY',
      'DB_SSLKEY',
      'WATCH_NAMESPACES',
      'WATCH_NAMESPACES',
      'IGNORE_NAMESPACES',
      'LEASE_NAME',
      'STANDBY_INTERVAL_MS',
      'server of the kubeconfig\'s cluster "a"',
      'the kubeconfig ',
      'the plugin of the kubeconfig\'s user "a"',
    ]);
  });
});

describe('the flag', () => {
  const inside = { KUBERNETES_SERVICE_HOST: '10.0.0.1', KUBERNETES_SERVICE_PORT: '443' };
  beforeEach(() => {
    // The library reads these from the process.
    for (const [name, value] of Object.entries(inside)) vi.stubEnv(name, value);
  });

  it.each([[[]], [['--incluster']], [['-incluster']], [['--incluster=true']], [['-incluster=1']]])(
    'is true as %j',
    (args) => {
      expect(server(read(inside, args))).toBe('https://10.0.0.1:443');
    },
  );

  it.each([[['--incluster=false']], [['-incluster=false']], [['-incluster=0']]])('is false as %j', (args) => {
    expect(server(read(inside, args))).toBe('https://cluster:6443');
  });

  it('is the only one, and others are refused with what would be right', () => {
    expect(problemsOf(inside, ['--namespace=x'])).toEqual([
      expect.stringMatching(/^unknown: --namespace; the flags are --incluster/),
    ]);
    expect(problemsOf(inside, ['--incluster', 'no'])).toHaveLength(1);
  });

  it('needs a cluster around it when it is true', () => {
    expect(problemsOf({ KUBERNETES_SERVICE_HOST: '' }, [])).toEqual([
      expect.stringContaining('KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set'),
    ]);
  });
});

describe('outside a cluster', () => {
  it('KUBECONFIG goes before the file at home, and that before the URL', () => {
    expect(server(read())).toBe('https://cluster:6443');
    write('.kube/config', kubeconfig('home', 'https://home:6443'));
    expect(server(read())).toBe('https://home:6443');
    const file = write('named', kubeconfig('named', 'https://named:6443'));
    expect(server(read({ KUBECONFIG: file }))).toBe('https://named:6443');
  });

  it('KUBECONFIG may name several files, the first of which wins', () => {
    const first = write('first', { ...kubeconfig('a', 'https://a:6443'), 'current-context': 'b' });
    const second = write('second', kubeconfig('b', 'https://b:6443'));
    expect(server(read({ KUBECONFIG: [first, second].join(delimiter) }))).toBe('https://b:6443');
  });

  it('a plain http:// address works, as of `kubectl proxy`', () => {
    const { kubeConfig } = read({ KUBE_APISERVER_URL: 'http://127.0.0.1:8001' });
    expect(kubeConfig.getCurrentCluster()).toMatchObject({ skipTLSVerify: true });
    expect(read().kubeConfig.getCurrentCluster()).toMatchObject({ skipTLSVerify: false });
  });

  it('takes its token from a file, which is read anew for each request that was refused', async () => {
    const file = write('token', 'one\n');
    const { kubeConfig } = read({ KUBE_APITOKEN_FILE: file });
    const { signal } = new AbortController();
    const shown = (config = kubeConfig) => credentialsOf(config, 5_000, signal);
    expect(await shown()).toMatchObject({ headers: { Authorization: 'Bearer one' } });
    write('token', 'two\n');
    expect(await shown(withoutCaches(kubeConfig))).toMatchObject({
      headers: { Authorization: 'Bearer two' },
    });
    expect(problemsOf({ KUBE_APITOKEN_FILE: file, KUBE_APITOKEN: 'x' })).toEqual([
      'KUBE_APITOKEN and KUBE_APITOKEN_FILE are both set: only one of them must be',
    ]);
    expect(problemsOf({ KUBE_APITOKEN_FILE: join(dir, 'none') })).toEqual([
      expect.stringMatching(/^KUBE_APITOKEN_FILE cannot be read/),
    ]);
  });

  it('the token and the certificate authority go with the URL', () => {
    const caFile = write('ca.crt', 'PEM');
    const { kubeConfig } = read({ KUBE_APITOKEN: 'secret', KUBE_CA_CERT_FILE: caFile });
    expect(kubeConfig.getCurrentUser()).toMatchObject({ token: 'secret' });
    const caData = Buffer.from('PEM').toString('base64');
    expect(kubeConfig.getCurrentCluster()).toMatchObject({ caData });
  });

  it.each<[string, () => Environment, RegExp]>([
    ['no way to a cluster', () => ({ KUBE_APISERVER_URL: '' }), /no way to a cluster: set KUBECONFIG/],
    ['a URL of another kind', () => ({ KUBE_APISERVER_URL: 'ftp://x' }), /must be an http\(s\) URL/],
    [
      'a login in it',
      () => ({ KUBE_APISERVER_URL: 'https://me:pw@x' }),
      /^KUBE_APISERVER_URL must be without a login, \? and #$/,
    ],
    [
      'a login in the server of a kubeconfig',
      () => ({ KUBECONFIG: write('login', kubeconfig('a', 'https://me:secret@a')) }),
      /^server of the kubeconfig's cluster "a" must be without a login, \? and #$/,
    ],
    [
      'a query in the server of a kubeconfig',
      () => ({ KUBECONFIG: write('query', kubeconfig('a', 'https://a/x?token=secret')) }),
      /must be without a login, \? and #$/,
    ],
    [
      'a hash in the server of a kubeconfig',
      () => ({ KUBECONFIG: write('hash', kubeconfig('a', 'https://a/#secret')) }),
      /must be without a login, \? and #$/,
    ],
    [
      'a proxy that is no URL',
      () => {
        const clusters = [
          { name: 'a', cluster: { server: 'https://a', 'proxy-url': 'http://me:secret@h:x' } },
        ];
        return { KUBECONFIG: write('proxy', { ...kubeconfig('a', 'https://a'), clusters }) };
      },
      /has "http:\/\/\*\*\*@h:x"$/,
    ],
    [
      'YAML with a line that does not end',
      () => ({ KUBECONFIG: write('line', 'users:\n- user: {token: "secret\n') }),
      /line cannot be read: [^"]+ \(\d:\d+\)$/,
    ],
    [
      'YAML with an alias to nothing',
      () => ({ KUBECONFIG: write('alias', 'password: *secret\n') }),
      /alias cannot be read: unidentified alias \(1:\d+\)$/,
    ],
    [
      'YAML with a tag that is none',
      () => ({ KUBECONFIG: write('tag', 'password: !secret x\n') }),
      /tag cannot be read: unknown scalar tag \(1:\d+\)$/,
    ],
    ['an authority that is not there', () => ({ KUBE_CA_CERT_FILE: join(dir, 'none') }), /ENOENT/],
    [
      'a kubeconfig that is not there',
      () => ({ KUBECONFIG: join(dir, 'none') }),
      /names no file that exists, but ".*none"/,
    ],
    ['a kubeconfig that is no YAML', () => ({ KUBECONFIG: write('bad', '{{') }), /bad cannot be read/],
    [
      'a kubeconfig that is empty',
      () => ({ KUBECONFIG: write('empty', '') }),
      /empty names no current cluster/,
    ],
    [
      'a kubeconfig without its current context',
      () => ({ KUBECONFIG: write('lost', kubeconfig('a', 'https://a', 'other')) }),
      /no current cluster/,
    ],
  ])('%s is reported as a wrong setting', (_, env, text) => {
    const problems = problemsOf(env());
    expect(problems).toEqual([expect.stringMatching(text)]);
    expect(problems.join()).not.toContain('secret');
  });

  it('a broken file at home is reported as a wrong setting', () => {
    write('.kube/config', '{{');
    expect(problemsOf({})).toEqual([expect.stringMatching(/\.kube\/config cannot be read/)]);
  });
});

describe('the leader election', () => {
  it('is by the Lease podips-reader in the namespace of the pod, of the context, or else in default', () => {
    expect(read().election).toEqual({
      lease: { namespace: 'default', name: 'podips-reader' },
      durationMs: 10_000,
      retryMs: 2_000,
    });
    const config = kubeconfig('a', 'https://a');
    const contexts = [{ name: 'a', context: { cluster: 'a', user: 'a', namespace: 'network' } }];
    const env = { KUBECONFIG: write('config', { ...config, contexts }) };
    expect(read(env).election?.lease.namespace).toBe('network');
    expect(read({ ...env, LEASE_NAMESPACE: 'other' }).election?.lease.namespace).toBe('other');
    write('root/var/run/secrets/kubernetes.io/serviceaccount/namespace', 'podips\n');
    const inCluster = {
      KUBERNETES_SERVICE_HOST: '10.0.0.1',
      KUBERNETES_SERVICE_PORT: '443',
      KUBE_SERVICEACCOUNT_ROOT: join(dir, 'root'),
    };
    expect(read(inCluster, []).election?.lease.namespace).toBe('podips');
  });

  it('can be switched off', () => {
    expect(read({ LEADER_ELECTION: 'false', LEASE_NAME: '!' }).election).toBeUndefined();
  });

  it.each([
    [{ LEASE_NAME: 'Podips' }, 'LEASE_NAME must be a name of a Kubernetes object, but is "Podips"'],
    [{ LEASE_NAME: 'a..b' }, 'LEASE_NAME must be a name of a Kubernetes object, but is "a..b"'],
    [{ LEASE_NAMESPACE: 'a.b' }, 'LEASE_NAMESPACE must be a name of a Kubernetes namespace, but is "a.b"'],
    [{ LEASE_DURATION_S: '5' }, 'STANDBY_INTERVAL_MS must be at most a third of LEASE_DURATION_S: 1666'],
  ])('with %j is a wrong setting', (env, problem) => {
    expect(problemsOf(env)).toEqual([problem]);
  });
});

describe('the scope', () => {
  it('is everything by default, else the namespaces that are listed, each once', () => {
    expect(read().scope).toEqual({ namespaces: undefined, ignored: [] });
    expect(read({ WATCH_NAMESPACES: ' web, shop,web,' }).scope).toEqual({
      namespaces: ['shop', 'web'],
      ignored: [],
    });
    expect(read({ IGNORE_NAMESPACES: 'kube-system' }).scope.ignored).toEqual(['kube-system']);
  });

  it.each([
    [
      { WATCH_NAMESPACES: 'shop,Web' },
      'WATCH_NAMESPACES must list names of Kubernetes namespaces, separated by commas, but has "Web"',
    ],
    [
      { WATCH_NAMESPACES: 'shop', IGNORE_NAMESPACES: 'web' },
      'IGNORE_NAMESPACES has no meaning beside WATCH_NAMESPACES: set one of them',
    ],
  ])('with %j is a wrong setting', (env, problem) => {
    expect(problemsOf(env)).toEqual([problem]);
  });
});
