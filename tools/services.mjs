import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { run, StepError, step } from './steps.mjs';

/** Debian's packages, and for each a file that shows that it is there. */
const DEBIAN_PACKAGES = [
  { name: 'activemq', file: '/usr/share/activemq/lib/activemq-broker.jar' },
  { name: 'chromium', file: '/usr/bin/chromium' },
];

/** Fetches the real services that tests and benchmarks need and npm cannot bring. PostgreSQL comes from npm. */
export const fetchServices = () =>
  step('fetching the real services', async () => {
    const missing = DEBIAN_PACKAGES.filter(({ file }) => !existsSync(file)).map(({ name }) => name);
    if (missing.length === 0)
      return console.log('  all there: ActiveMQ Classic and Chromium (Debian), PostgreSQL (npm)');
    if (process.getuid?.() !== 0 || spawnSync('apt-get', ['--version']).status !== 0)
      throw new StepError(
        `missing: ${missing.join(', ')}. On Debian or Ubuntu: sudo apt-get install --no-install-recommends ${missing.join(' ')}`,
      );
    const quiet = { env: { DEBIAN_FRONTEND: 'noninteractive' } };
    await run('apt-get', ['-qq', 'update'], quiet);
    await run('apt-get', ['-qq', '-y', '--no-install-recommends', 'install', ...missing], quiet);
  });
