import { describe } from 'vitest';
import { API_FAULTS, TOKEN_FAULTS } from './api-server.js';
import { itEndures } from './describe-faults.js';

describe('a cluster whose lists have several pages', () => {
  itEndures(API_FAULTS, { env: { reader: { KUBE_PAGE_SIZE: '10' } } });
});

describe('a cluster that asks for a token', () => {
  itEndures(TOKEN_FAULTS, { token: 'secret' });
});
