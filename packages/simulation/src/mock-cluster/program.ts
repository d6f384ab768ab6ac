import { runProgram } from '@podips/shared';
import { readMockClusterSettings } from '../mock-settings.js';
import { startMockCluster } from './mock-cluster.js';

await runProgram({ name: 'mock-cluster', settings: readMockClusterSettings, start: startMockCluster });
