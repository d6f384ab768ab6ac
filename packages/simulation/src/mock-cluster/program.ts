import { runProgram } from '@podips/shared';
import { mockClusterAbout, readMockClusterSettings } from '../mock-settings.js';
import { startMockCluster } from './mock-cluster.js';

await runProgram({ about: mockClusterAbout, settings: readMockClusterSettings, start: startMockCluster });
