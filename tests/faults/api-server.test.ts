import { API_FAULTS, TOKEN_FAULTS } from './api-server.js';
import { itEndures } from './describe-faults.js';

// A cluster that asks for a token, and whose lists have several pages.
itEndures([...API_FAULTS, ...TOKEN_FAULTS], { token: 'secret', env: { reader: { KUBE_PAGE_SIZE: '10' } } });
