/** Files by their path below a folder; KUBECONFIG names them in `order`, by default all as they come. */
export interface KubeconfigInput {
  readonly files: Readonly<Record<string, string | object>>;
  readonly order?: readonly string[];
}

const cluster = (name: string, fields: object = {}) => ({
  name,
  cluster: { server: `https://${name}:6443`, ...fields },
});
const user = (name: string, fields: object = { token: `token-of-${name}` }) => ({ name, user: fields });
const context = (name: string, fields: object = {}) => ({
  name,
  context: { cluster: 'c', user: 'u', ...fields },
});
const config = (fields: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Config',
  'current-context': 'x',
  clusters: [cluster('c')],
  contexts: [context('x')],
  users: [user('u')],
  ...fields,
});
const userOf = (fields: object) => ({ files: { config: config({ users: [user('u', fields)] }) } });
const clusterOf = (fields: object) => ({ files: { config: config({ clusters: [cluster('c', fields)] }) } });
const before = (first: string | object): KubeconfigInput => ({ files: { first, config: config() } });
const v1 = { apiVersion: 'client.authentication.k8s.io/v1', interactiveMode: 'Never' };
const PEM = '-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n';

/** What people's kubeconfigs look like. */
export const INPUTS: Readonly<Record<string, KubeconfigInput>> = {
  'one file': { files: { config: config() } },
  'a namespace': { files: { config: config({ contexts: [context('x', { namespace: 'shop' })] }) } },
  'a file that does not exist, then one': { files: { config: config() }, order: ['none', 'config'] },
  'a file, then one that does not exist': { files: { config: config() }, order: ['config', 'none'] },
  'only files that do not exist': { files: {}, order: ['none', 'neither'] },
  'empty names in the list': { files: { config: config() }, order: ['', 'config', ''] },
  'the same file twice': { files: { config: config() }, order: ['config', 'config'] },
  'a folder': { files: { 'folder/config': config() }, order: ['folder'] },
  'an empty file, then one': before(''),
  'only an empty file': { files: { config: '' } },
  'a file of comments': before('# nothing yet\n'),
  'a file of one line of dashes': before('---\n'),
  'a skeleton with empty lists': before({
    ...config(),
    'current-context': '',
    clusters: [],
    contexts: [],
    users: [],
  }),
  'a skeleton with nulls, as kubectl prints it': before(
    'apiVersion: v1\nclusters: null\ncontexts: null\ncurrent-context: ""\nkind: Config\npreferences: {}\nusers: null\n',
  ),
  'clusters here, contexts there, users elsewhere': {
    files: {
      clusters: { clusters: [cluster('c')] },
      contexts: { contexts: [context('x')], 'current-context': 'x' },
      users: { users: [user('u')] },
    },
  },
  'a current context in the second file alone': before({ clusters: [cluster('other')] }),
  'two current contexts': before({ 'current-context': 'y', contexts: [context('y', { namespace: 'y' })] }),
  'two clusters of one name': before({
    clusters: [cluster('c', { server: 'https://first', 'tls-server-name': 'first' })],
  }),
  'a later cluster with more fields': {
    files: { first: config(), second: { clusters: [cluster('c', { 'tls-server-name': 'more' })] } },
  },
  'two users of one name': before({ users: [user('u', { username: 'me', password: 'first' })] }),
  'two contexts of one name': before({
    contexts: [context('x', { cluster: 'd' })],
    clusters: [cluster('d')],
  }),
  'a context of the first file to a cluster of the second': before({
    contexts: [context('y')],
    'current-context': 'y',
  }),
  'one name twice in a file': { files: { config: config({ clusters: [cluster('c'), cluster('c')] }) } },
  'unfinished entries beside the current ones': {
    files: {
      config: config({
        clusters: [cluster('c'), { name: 'no-server', cluster: {} }, { name: 'nothing' }],
        contexts: [context('x'), { name: 'no-cluster', context: {} }, { name: 'nothing' }],
        users: [user('u'), { name: 'nothing' }],
      }),
    },
  },
  'a context without a user': { files: { config: config({ contexts: [context('x', { user: '' })] }) } },
  'a current context that is not there': { files: { config: config({ 'current-context': 'y' }) } },
  'a cluster that is not there': { files: { config: config({ clusters: [] }) } },
  'a user that is not there': { files: { config: config({ users: [] }) } },
  'no current context': { files: { config: config({ 'current-context': undefined }) } },
  'broken YAML': { files: { config: '{{' } },
  'broken YAML, then a good file': before('{{'),
  'a list': { files: { config: '[]' } },
  'an object of another kind': before('apiVersion: v1\nkind: Pod\n'),
  'another version': before('apiVersion: v2\nkind: Config\n'),
  'two documents in a file': {
    files: { config: `${JSON.stringify(config())}\n---\n{"current-context": "y"}\n` },
  },
  'anchors and merge keys': {
    files: {
      config: [
        'current-context: x',
        'clusters: [{name: c, cluster: &c {server: "https://c", tls-server-name: a}}]',
        'contexts: [{name: x, context: {cluster: d, user: u}}]',
        'users: [{name: u, user: {token: t}}]',
        '',
      ]
        .join('\n')
        .replace('}}]', '}}, {name: d, cluster: {<<: *c, tls-server-name: b}}]'),
    },
  },
  'Windows line ends': {
    files: {
      config:
        'current-context: x\r\nclusters:\r\n- name: c\r\n  cluster:\r\n    server: https://c\r\ncontexts:\r\n- name: x\r\n  context:\r\n    cluster: c\r\n',
    },
  },
  'a namespace that YAML takes for a boolean': {
    files: {
      config:
        'current-context: x\nclusters: [{name: c, cluster: {server: "https://c"}}]\ncontexts: [{name: x, context: {cluster: c, namespace: n}}]\n',
    },
  },
  'a token that is a number': userOf({ token: 123 }),
  'extensions of other programs': {
    files: {
      config: config({
        clusters: [
          cluster('c', { extensions: [{ name: 'e', extension: { provider: 'minikube.sigs.k8s.io' } }] }),
        ],
      }),
    },
  },
  'an authority beside the file': {
    files: {
      'deep/config': config({ clusters: [cluster('c', { 'certificate-authority': 'ca.crt' })] }),
      'deep/ca.crt': PEM,
    },
    order: ['deep/config'],
  },
  'an authority in another folder, of the second file': {
    files: {
      'one/first': { 'current-context': 'x', contexts: [context('x')], users: [user('u')] },
      'two/second': { clusters: [cluster('c', { 'certificate-authority': '../pki/ca.crt' })] },
      'pki/ca.crt': PEM,
      'one/ca.crt': 'wrong',
    },
    order: ['one/first', 'two/second'],
  },
  'an authority as data': clusterOf({ 'certificate-authority-data': Buffer.from(PEM).toString('base64') }),
  'a certificate and a key beside the file': {
    files: {
      'sub/config': config({
        users: [user('u', { 'client-certificate': 'a.crt', 'client-key': './a.key' })],
      }),
      'sub/a.crt': PEM,
      'sub/a.key': 'key',
    },
    order: ['sub/config'],
  },
  'no verification': clusterOf({ 'insecure-skip-tls-verify': true }),
  'another name in the certificate': clusterOf({ 'tls-server-name': 'kubernetes' }),
  'a proxy': clusterOf({ 'proxy-url': 'socks5://proxy:1080' }),
  'a name and a password': userOf({ username: 'me', password: 'pass' }),
  'a file with a token': userOf({ tokenFile: 'token' }),
  'a plugin on the PATH': userOf({ exec: { ...v1, command: 'plug', args: ['token'] } }),
  'a plugin beside the file': userOf({
    exec: { ...v1, command: './plug', env: [{ name: 'A', value: 'b' }] },
  }),
  'a plugin below the file': userOf({ exec: { ...v1, command: 'bin/plug', provideClusterInfo: true } }),
  'a plugin elsewhere': userOf({ exec: { ...v1, command: '/usr/bin/plug' } }),
  OIDC: userOf({
    'auth-provider': {
      name: 'oidc',
      config: { 'client-id': 'me', 'idp-issuer-url': 'https://idp', 'id-token': 'a.b.c' },
    },
  }),
  'acting for another': userOf({
    token: 't',
    as: 'she',
    'as-uid': '1',
    'as-groups': ['g', 'h'],
    'as-user-extra': { k: ['v'] },
  }),
};
